import { type ReactElement, useState } from "react";
import type { BlockTable, Kind } from "../../protocol";
import { KINDS } from "../../protocol";
import { Button, Dialog, Field, Input, ParametersForm, Select } from "../../ui";
import { useEditor } from "../page/context";
import { closeDialog } from "../page/operations";

interface Props {
  block: BlockTable;
  onClose(): void;
}

const TIMEOUT = /^\d+(\.\d+)?\s*(ms|s|m|h|d)?$/;

/** 300 seconds as people write them: "5m". */
function spanWords(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** Kind, retries, timeout, cache and connection of a block, and its typed settings. */
export function ConfigureDialog({ block, onClose }: Props): ReactElement {
  const editor = useEditor();
  const [kind, setKind] = useState<Kind>(block.kind);
  const [retries, setRetries] = useState(String(block.retries));
  const written = block.timeout_s === null ? "" : spanWords(block.timeout_s);
  const [timeout, setTimeoutText] = useState(written);
  const [cache, setCache] = useState(block.cache ?? "");
  const [connection, setConnection] = useState(block.connection ?? "");
  const [settings, setSettings] = useState(block.settings);
  const [isValid, setValid] = useState(true);
  const retriesProblem = /^\d{1,2}$/.test(retries) ? undefined : "A whole number from 0 to 99.";
  const timeoutProblem =
    timeout === "" || TIMEOUT.test(timeout.trim()) ? undefined : "Write a span, e.g. 90s or 10m.";
  const canKeep = isValid && retriesProblem === undefined && timeoutProblem === undefined;

  const keep = (): void => {
    if (!canKeep) return;
    closeDialog(editor);
    void editor.send({
      op: "configure-block",
      block: block.name,
      ...(settings !== block.settings && { settings }),
      ...(kind !== block.kind && { kind }),
      ...(retries !== String(block.retries) && { retries: Number(retries) }),
      ...(timeout !== written && { timeout: timeout.trim() }),
      ...(cache !== (block.cache ?? "") && { cache }),
      ...(connection !== (block.connection ?? "") && { connection }),
    });
  };
  return (
    <Dialog
      title={`Settings of ${block.name}`}
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
          <ParametersForm
            parameters={block.form}
            values={settings}
            onChange={setSettings}
            onValidity={setValid}
          />
        )}
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
        <Field
          label="Retries"
          error={retriesProblem}
          note="After a failure, in every run, here too"
        >
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              value={retries}
              onChange={(event) => setRetries(event.target.value)}
            />
          )}
        </Field>
        <Field label="Timeout" error={timeoutProblem} note="Of one attempt, e.g. 10m; empty: none">
          {(control) => (
            <Input
              {...control}
              value={timeout}
              onChange={(event) => setTimeoutText(event.target.value)}
            />
          )}
        </Field>
        <Field label="Cache" note="How long a loader's result may be reused, e.g. 1h">
          {(control) => (
            <Input {...control} value={cache} onChange={(event) => setCache(event.target.value)} />
          )}
        </Field>
        {block.language === "sql" && (
          <Field label="Connection" note="Empty: DuckDB over the upstream blocks">
            {(control) => (
              <Input
                {...control}
                value={connection}
                onChange={(event) => setConnection(event.target.value)}
              />
            )}
          </Field>
        )}
      </div>
    </Dialog>
  );
}
