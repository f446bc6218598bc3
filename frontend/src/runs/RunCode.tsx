import { type ComponentType, type ReactElement, useState } from "react";
import type { Language, RunCode as RunCodeTable, RunRecord } from "../protocol";
import { useResource } from "../session";
import { Dialog, LoadFailed } from "../ui";
import { versionWords } from "./words";

/** What shows code; comes from the editor. */
export type CodeSlot = ComponentType<{ text: string; language: Language; label: string }>;

export interface RunCodeProps {
  run: RunRecord;
  code: CodeSlot;
  /** The block to begin with. */
  block: string | undefined;
  onClose(): void;
}

/** The code that a run pinned, block by block. */
export function RunCode({ run, code: Code, block, onClose }: RunCodeProps): ReactElement {
  const { data, error, reload } = useResource(`code ${run.id}`, (api, signal) =>
    api.get<RunCodeTable>(`runs/${run.id}/code`, { signal }),
  );
  const [chosen, setChosen] = useState(block);
  const shown = data?.blocks.find(({ name }) => name === chosen) ?? data?.blocks[0];
  return (
    <Dialog title={`Code of ${versionWords(run)}`} wide onClose={onClose}>
      {error === undefined || data !== undefined ? null : (
        <LoadFailed error={error} onRetry={reload} />
      )}
      {data === undefined || shown === undefined ? null : (
        <div className="run-code">
          <ul className="run-code-blocks" aria-label="Blocks">
            {data.blocks.map(({ name }) => (
              <li key={name}>
                <button
                  type="button"
                  className="run-code-block ellipsis"
                  aria-current={name === shown.name}
                  onClick={() => setChosen(name)}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
          <div className="run-code-text">
            <p className="muted ellipsis">
              {shown.path} · {data.version.slice(0, 8)}
            </p>
            <Code
              key={shown.name}
              text={shown.text}
              language={shown.language}
              label={`Code of ${shown.name}`}
            />
          </div>
        </div>
      )}
    </Dialog>
  );
}
