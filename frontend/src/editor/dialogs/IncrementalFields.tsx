import { type ReactElement, useState } from "react";
import type { WatermarkTable } from "../../protocol";
import { useApi, useResource, useSession } from "../../session";
import { Button, Field, formatRelative, Input, toastError } from "../../ui";

interface Props {
  block: string;
  column: string;
  start: string;
  onColumn(column: string): void;
  onStart(start: string): void;
}

/** The column by which a loader takes only what is new, and how far it has come. */
export function IncrementalFields(props: Props): ReactElement {
  const { block, column, start } = props;
  return (
    <>
      <Field
        label="Incremental"
        note="A column that grows: only rows beyond the highest value loaded so far; empty: all rows"
      >
        {(control) => (
          <Input
            {...control}
            mono
            value={column}
            placeholder="updated_at"
            onChange={(event) => props.onColumn(event.target.value)}
          />
        )}
      </Field>
      {column.trim() !== "" && (
        <>
          <Field label="Start" note="What the first run goes on from; empty: it loads everything">
            {(control) => (
              <Input
                {...control}
                mono
                value={start}
                onChange={(event) => props.onStart(event.target.value)}
              />
            )}
          </Field>
          <MarkLine block={block} />
        </>
      )}
    </>
  );
}

function MarkLine({ block }: { block: string }): ReactElement | null {
  const api = useApi();
  const pipeline = useSession((state) => state.name);
  const [asks, setAsks] = useState(false);
  const { data, reload } = useResource(
    `watermarks of ${pipeline}`,
    (of, signal) =>
      of.get<{ watermarks: WatermarkTable[] }>(`pipelines/${pipeline}/watermarks`, { signal }),
    (event) => event.op === "run-changed",
  );
  const table = data?.watermarks.find((one) => one.block === block);
  if (table === undefined) return null;
  const { mark } = table;
  const reset = async (): Promise<void> => {
    setAsks(false);
    try {
      await api.put(`pipelines/${pipeline}/watermarks/${block}`, { value: null });
      reload();
    } catch (error: unknown) {
      toastError(error);
    }
  };
  return (
    <div className="field">
      <span className="field-label">Mark</span>
      <div className="watermark">
        {mark === null ? (
          <span className="muted">none: the next run loads from the beginning</span>
        ) : (
          <>
            <code>
              {mark.column} &gt; {mark.value}
            </code>
            {asks ? (
              <>
                <Button size="small" look="danger" onClick={() => void reset()}>
                  Load all again
                </Button>
                <Button size="small" onClick={() => setAsks(false)}>
                  Keep
                </Button>
              </>
            ) : (
              <Button size="small" onClick={() => setAsks(true)}>
                Reset…
              </Button>
            )}
          </>
        )}
      </div>
      <div className="field-note">
        {table.moved_at === null
          ? "It moves with the success of runs outside of the editor"
          : `${table.run === null ? "Set by hand" : "Moved by a run"} ${formatRelative(table.moved_at)}`}
      </div>
    </div>
  );
}
