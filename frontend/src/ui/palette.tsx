import { type ReactElement, useEffect, useId, useMemo, useState } from "react";
import { classes } from "./classes";
import { availableCommands, runCommand } from "./commands";
import { Modal } from "./dialog";
import { Kbd } from "./marks";

/** Something the palette finds besides commands: a pipeline, a block, a run. */
export interface Finding {
  id: string;
  title: string;
  group: string;
  detail?: string | undefined;
  keys?: string | undefined;
  run(): void;
}

type Source = () => readonly Finding[];

const sources = new Set<Source>();

/** Adds findings to the palette while the component is mounted. */
export function useFindings(source: Source): void {
  useEffect(() => {
    sources.add(source);
    return () => {
      sources.delete(source);
    };
  }, [source]);
}

const SHOWN = 60;

export function CommandPalette(props: { onClose(): void }): ReactElement {
  const id = useId();
  const [query, setQuery] = useState("");
  const [index, setIndex] = useState(0);
  const all = useMemo(findings, []);
  const found = useMemo(() => search(all, query).slice(0, SHOWN), [all, query]);
  const chosen = Math.min(index, found.length - 1);

  const choose = (finding: Finding | undefined): void => {
    if (finding === undefined) return;
    props.onClose();
    // The dialog gives the focus back first; the command then finds the page as it was.
    queueMicrotask(finding.run);
  };
  const handleKey = (event: React.KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      const next = (chosen + step + found.length) % found.length;
      setIndex(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
    }
    if (event.key === "Enter") choose(found[chosen]);
  };
  return (
    <Modal label="Command palette" className="palette" onClose={props.onClose}>
      <input
        data-autofocus
        className="palette-input"
        role="combobox"
        aria-label="Find a command, pipeline or block"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length === 0 ? undefined : `${id}-${chosen}`}
        placeholder="Find a command, pipeline or block…"
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setIndex(0);
        }}
        onKeyDown={handleKey}
      />
      <div className="palette-list" role="listbox" id={`${id}-list`} aria-label="Found">
        {found.map((finding, at) => (
          <div key={finding.id} role="presentation">
            {found[at - 1]?.group === finding.group ? null : (
              <div className="palette-group" role="presentation">
                {finding.group}
              </div>
            )}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the input, which names the option */}
            <div
              id={`${id}-${at}`}
              role="option"
              tabIndex={-1}
              aria-selected={at === chosen}
              className="palette-item"
              onPointerMove={() => setIndex(at)}
              onClick={() => choose(finding)}
            >
              <span className={classes("ellipsis")}>{finding.title}</span>
              {finding.detail === undefined ? null : (
                <span className="palette-detail ellipsis">{finding.detail}</span>
              )}
              {finding.keys === undefined ? null : (
                <span className="palette-detail">
                  <Kbd keys={finding.keys} />
                </span>
              )}
            </div>
          </div>
        ))}
        {found.length === 0 ? <p className="palette-none">Nothing is called “{query}”.</p> : null}
      </div>
    </Modal>
  );
}

function findings(): Finding[] {
  const commands = availableCommands().map(({ id, shortcut }) => ({
    id: `command ${id}`,
    title: shortcut.title,
    group: shortcut.section,
    keys: shortcut.keys[0],
    run: () => void runCommand(id),
  }));
  return [...[...sources].flatMap((source) => source()), ...commands];
}

/** Those that contain all letters in order, the closest first; groups stay together. */
export function search(all: readonly Finding[], query: string): Finding[] {
  const wanted = query.trim().toLowerCase();
  const scored = all
    .map((finding) => ({ finding, score: closeness(finding.title.toLowerCase(), wanted) }))
    .filter(({ score }) => score > 0);
  const best = new Map<string, number>();
  for (const { finding, score } of scored) {
    best.set(finding.group, Math.max(best.get(finding.group) ?? 0, score));
  }
  // Sorting keeps the order of equals, so that groups as close stand as they were found.
  const groups = [...best].sort(([, a], [, b]) => b - a).map(([group]) => group);
  const place = new Map(groups.map((group, index) => [group, index]));
  const rank = ({ group }: Finding): number => place.get(group) ?? 0;
  return scored
    .sort((a, b) => rank(a.finding) - rank(b.finding) || b.score - a.score)
    .map(({ finding }) => finding);
}

/** How well a title in lower case answers to what is wanted; 0 when it does not. */
export function closeness(title: string, wanted: string): number {
  if (wanted === "") return 1;
  const at = title.indexOf(wanted);
  if (at === 0) return 4;
  if (at > 0) return /[\s_/]/.test(title[at - 1] ?? "") ? 3 : 2;
  let from = 0;
  for (const letter of wanted.replaceAll(" ", "")) {
    from = title.indexOf(letter, from) + 1;
    if (from === 0) return 0;
  }
  return 1;
}
