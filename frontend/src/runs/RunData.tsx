import { type ReactElement, useState } from "react";
import type { BlockRun, Output, RunRecord } from "../protocol";
import { NameText, Tabs } from "../ui";
import { type PreviewSlot, sizeWords } from "./RunBlock";

const OUTPUT = "";

/** What a block of a run took and gave; of one that failed at first what it took. */
export function RunData(props: {
  run: RunRecord;
  block: BlockRun;
  preview: PreviewSlot | undefined;
}): ReactElement {
  const { run, block, preview: Preview } = props;
  const inputs = inputsOf(run, block);
  const [chosen, setChosen] = useState<string | null>(null);
  const first = block.output === null ? (inputs[0]?.name ?? OUTPUT) : OUTPUT;
  const shown = chosen ?? first;
  const output =
    shown === OUTPUT ? block.output : (inputs.find(({ name }) => name === shown)?.output ?? null);
  return (
    <section className="card run-data" aria-label="Data">
      <header className="details-header">
        <h2>Data</h2>
        <Tabs
          label="Data of the block"
          value={shown}
          choices={[
            { value: OUTPUT, label: "Output" },
            ...inputs.map(({ name }) => ({ value: name, label: <InputLabel name={name} /> })),
          ]}
          onChange={setChosen}
        />
        <span className="details-space" />
        {output === null ? null : <span className="muted ellipsis">{sizeWords(output)}</span>}
      </header>
      <div
        className="run-data-rows"
        role="tabpanel"
        aria-label={shown === OUTPUT ? "Output" : shown}
      >
        {output === null ? (
          <p className="details-words muted">{noOutputWords(block)}</p>
        ) : output.kind === "nothing" ? (
          <p className="details-words muted">It returned nothing.</p>
        ) : Preview === undefined ? (
          <pre className="details-value">{output.text || output.type_name}</pre>
        ) : (
          <Preview key={output.address} output={output} height={FULL} />
        )}
      </div>
    </section>
  );
}

/** As high as there is room. */
const FULL = 10_000;

function InputLabel({ name }: { name: string }): ReactElement {
  return (
    <>
      <span className="muted">← </span>
      <NameText name={name} />
    </>
  );
}

function inputsOf(run: RunRecord, block: BlockRun): { name: string; output: Output }[] {
  return block.upstream.flatMap((name) => {
    const output = run.blocks.find((one) => one.name === name)?.output ?? null;
    return output === null ? [] : [{ name, output }];
  });
}

function noOutputWords({ state }: BlockRun): string {
  switch (state) {
    case "queued":
    case "running":
      return "It has given nothing yet.";
    case "failed":
      return "It failed before it gave anything.";
    default:
      return "It gave nothing in this run.";
  }
}
