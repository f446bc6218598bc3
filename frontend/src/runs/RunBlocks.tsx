import {
  type ReactElement,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
} from "react";
import type { BlockCode, RunCode, RunRecord } from "../protocol";
import { useResource } from "../session";
import { LoadFailed } from "../ui";
import { type CodeSlot, type PreviewSlot, RunBlock } from "./RunBlock";

export interface RunBlocksProps {
  run: RunRecord;
  selected: string | null;
  code: CodeSlot | undefined;
  preview: PreviewSlot | undefined;
  onSelect(block: string): void;
  /** Runs a block and all below it again; absent while the run goes on. */
  onRetry?: ((block: string) => void) | undefined;
}

/** The editor as it was: the code that the run pinned, block by block, with what became of it. */
export function RunBlocks(props: RunBlocksProps): ReactElement {
  const { run, selected, code, preview, onSelect, onRetry } = props;
  const { data, error, reload } = useResource(`code ${run.id}`, (api, signal) =>
    api.get<RunCode>(`runs/${run.id}/code`, { signal }),
  );
  const list = useRef<HTMLUListElement>(null);
  const isKnown = data !== undefined || error !== undefined;
  const sources = useMemo(
    () => new Map<string, BlockCode>(data?.blocks.map((block) => [block.name, block])),
    [data],
  );
  useShown(list, isKnown ? selected : null);
  return (
    <section className="run-blocks" aria-label="Code of this run" data-scroll-root>
      {error === undefined || data !== undefined ? null : (
        <LoadFailed error={error} onRetry={reload} />
      )}
      {isKnown ? (
        <ul ref={list}>
          {run.blocks.map((block) => (
            <li key={block.name} data-block={block.name}>
              <RunBlock
                run={run}
                block={block}
                source={sources.get(block.name)}
                code={code}
                preview={preview}
                isSelected={block.name === selected}
                onSelect={onSelect}
                onRetry={onRetry}
              />
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}

/** Of the height of the list: where a line that failed stands when its block is higher than that. */
const LINE_AT = 0.6;

/** Brings the selected block into sight, and keeps it there while the code around it is drawn. */
function useShown(list: RefObject<HTMLUListElement | null>, selected: string | null): void {
  const wanted = useRef<string | null>(null);
  useLayoutEffect(() => {
    wanted.current = selected;
    show(list.current, selected);
  }, [list, selected]);
  useEffect(() => {
    const items = list.current;
    const root = items?.parentElement;
    if (selected === null || items == null || root == null) return;
    // Until somebody scrolls: editors of the blocks above come later than their place.
    const release = (): void => {
      wanted.current = null;
    };
    const observer = new ResizeObserver(() => show(items, wanted.current));
    observer.observe(items);
    for (const kind of USED_BY) root.addEventListener(kind, release);
    return () => {
      observer.disconnect();
      for (const kind of USED_BY) root.removeEventListener(kind, release);
    };
  }, [list, selected]);
}

const USED_BY = ["wheel", "pointerdown", "keydown"] as const;

function show(items: HTMLUListElement | null, block: string | null): void {
  const root = items?.parentElement;
  if (items == null || root == null || block === null) return;
  const item = items.querySelector<HTMLElement>(`:scope > [data-block="${CSS.escape(block)}"]`);
  if (item === null) return;
  const top = topWithin(root, item);
  const line = item.querySelector<HTMLElement>(".cm-failed-line");
  const toLine = line === null ? 0 : topWithin(root, line) - LINE_AT * root.clientHeight;
  root.scrollTo({ top: Math.max(top, toLine) });
}

/** Pixels from the beginning of what scrolls in `root`. */
function topWithin(root: HTMLElement, element: HTMLElement): number {
  return element.getBoundingClientRect().top - root.getBoundingClientRect().top + root.scrollTop;
}
