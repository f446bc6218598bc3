import { type ReactElement, type ReactNode, useState } from "react";
import type { BlockTable, ConfigureBlock, Kind } from "../../protocol";
import { KINDS } from "../../protocol";
import { Button, Dialog, Field, Input, ParametersForm, Select, Switch } from "../../ui";
import { useEditor } from "../page/context";
import { closeDialog } from "../page/operations";
import { type BlockKey, changesOf, problemOf, type Texts, textsOf } from "./blockKeys";
import { ConnectionFields } from "./ConnectionFields";
import { IncrementalFields } from "./IncrementalFields";

interface Props {
  block: BlockTable;
  onClose(): void;
}

/** What `isolation:` may say, and what it means. */
const ISOLATIONS: readonly (readonly [value: string, words: string])[] = [
  ["", "none: a process that is used again"],
  ["block", "block: a new process that ends with the block"],
  ["run", "run: as without it"],
];

/** The typed settings of a block, its kind, and the keys that say how it runs. */
export function ConfigureDialog({ block, onClose }: Props): ReactElement {
  const editor = useEditor();
  const [kind, setKind] = useState<Kind>(block.kind);
  const [texts, setTexts] = useState<Texts>(() => textsOf(block));
  const [softFail, setSoftFail] = useState(block.soft_fail);
  const [writes, setWrites] = useState(block.writes);
  const [column, setColumn] = useState(block.incremental?.column ?? "");
  const [start, setStart] = useState(block.incremental?.start ?? "");
  const [settings, setSettings] = useState(block.settings);
  const [isValid, setValid] = useState(true);
  const keys = Object.keys(texts) as BlockKey[];
  const canKeep = isValid && keys.every((key) => problemOf(key, texts[key]) === undefined);
  const bind = (key: BlockKey): TextFieldProps["bound"] => ({
    value: texts[key],
    error: problemOf(key, texts[key]),
    onChange: (text) => setTexts((before) => ({ ...before, [key]: text })),
  });

  const keep = (): void => {
    if (!canKeep) return;
    closeDialog(editor);
    void editor.send({
      op: "configure-block",
      block: block.name,
      ...(settings !== block.settings && { settings }),
      ...(kind !== block.kind && { kind }),
      ...changesOf(block, texts),
      ...(softFail !== block.soft_fail && { soft_fail: softFail }),
      ...(writes !== block.writes && { writes }),
      ...incrementalOf(block, column.trim(), start.trim()),
    });
  };
  const isText = kind === "markdown";
  return (
    <Dialog
      title={`Settings of ${block.name}`}
      wide
      onClose={onClose}
      onSubmit={keep}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={!canKeep}>
            Save
          </Button>
        </>
      }
    >
      <div className="form">
        {block.form.length > 0 && (
          <Group title="Values">
            <ParametersForm
              parameters={block.form}
              values={settings}
              onChange={setSettings}
              onValidity={setValid}
            />
          </Group>
        )}
        <Group title="Block">
          <Field label="Kind">
            {(control) => (
              <Select
                {...control}
                value={kind}
                onChange={(event) => setKind(event.target.value as Kind)}
              >
                {KINDS.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </Select>
            )}
          </Field>
          {block.language === "sql" && (
            <ConnectionFields
              connection={texts.connection}
              writes={writes}
              onConnection={bind("connection").onChange}
              onWrites={setWrites}
            />
          )}
          {kind === "loader" && block.language !== "notebook" && (
            <IncrementalFields
              block={block.name}
              column={column}
              start={start}
              onColumn={setColumn}
              onStart={setStart}
            />
          )}
        </Group>
        {!isText && (
          <>
            {kind === "sensor" && (
              <Group title="How it waits">
                <TextField
                  label="Poke"
                  note="How often it is asked until it is ready, e.g. 30s; empty: it does not wait"
                  bound={bind("poke")}
                />
                {texts.poke.trim() !== "" && (
                  <div className="field">
                    <span className="field-label">Soft fail</span>
                    <Switch label="Soft fail" checked={softFail} onChange={setSoftFail} />
                    <div className="field-note">
                      When its time is over, it and all below it are skipped, and the run succeeds
                    </div>
                  </div>
                )}
              </Group>
            )}
            <Group title="When it fails or takes too much">
              <TextField
                label="Retries"
                note="How many attempts it has at most, the first among them, here too"
                bound={bind("retries")}
                numeric
              />
              {Number(texts.retries) > 1 && (
                <>
                  <TextField
                    label="Backoff"
                    note="The first wait, e.g. 1s or 5m; each further one is twice as long"
                    bound={bind("backoff")}
                  />
                  <TextField
                    label="Retry on"
                    note="Exceptions, or timeout, memory, died, check; empty: any failure"
                    bound={bind("retry_on")}
                  />
                </>
              )}
              <TextField
                label="Timeout"
                note={
                  kind === "sensor" && texts.poke.trim() !== ""
                    ? "How long it waits in all, e.g. 2h; empty: 7 days"
                    : "How long one attempt may take, e.g. 45s or 10m; empty: as long as it needs"
                }
                bound={bind("timeout")}
              />
              <TextField
                label="Memory"
                note="How much one attempt may take, e.g. 500MB or 2GB; empty: what there is"
                bound={bind("memory")}
              />
            </Group>
            {(kind === "loader" || kind === "sensor") && (
              <Group title="When it runs again">
                <TextField
                  label="Cache"
                  note="How old a result may be in runs without the editor, e.g. 1h30m, 7d or forever"
                  bound={bind("cache")}
                />
              </Group>
            )}
            <Group title="Where and when it gets its turn">
              <TextField
                label="Pool"
                note="Name of the pool in headrace.yaml that it needs a slot of; empty: none"
                bound={bind("pool")}
              />
              <TextField
                label="Priority"
                note="The higher goes first when blocks wait for slots"
                bound={bind("priority")}
                numeric
              />
              <Field label="Isolation" note="A process of its own keeps nothing for later blocks">
                {(control) => (
                  <Select
                    {...control}
                    value={texts.isolation}
                    onChange={(event) => bind("isolation").onChange(event.target.value)}
                  >
                    {ISOLATIONS.filter(
                      ([value]) => value !== "run" || block.isolation === "run",
                    ).map(([value, words]) => (
                      <option key={value} value={value}>
                        {words}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            </Group>
          </>
        )}
      </div>
    </Dialog>
  );
}

function Group(props: { title: string; children: ReactNode }): ReactElement {
  return (
    <fieldset className="form-group">
      <legend>{props.title}</legend>
      {props.children}
    </fieldset>
  );
}

interface TextFieldProps {
  label: string;
  note: string;
  numeric?: boolean;
  bound: { value: string; error: string | undefined; onChange(text: string): void };
}

function TextField({ label, note, numeric, bound }: TextFieldProps): ReactElement {
  return (
    <Field label={label} note={note} error={bound.error}>
      {(control) => (
        <Input
          {...control}
          inputMode={numeric === true ? "numeric" : undefined}
          value={bound.value}
          onChange={(event) => bound.onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** The command's part for `incremental:`, where it was changed. */
function incrementalOf(
  block: BlockTable,
  column: string,
  start: string,
): Pick<ConfigureBlock, "incremental"> {
  const before = block.incremental;
  if ((before?.column ?? "") === column && (before?.start ?? "") === start) return {};
  return { incremental: { column, start: start === "" ? null : start } };
}
