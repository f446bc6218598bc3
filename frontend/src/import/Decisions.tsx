import type { ReactElement } from "react";
import type { ImportChoices, ImportedBlock, ImportPlan, ImportProof, Kind } from "../protocol";
import { Button, KindChip, Select } from "../ui";
import { NameField } from "./ImportPage";

const CHOICES: readonly Kind[] = ["loader", "transformer", "exporter"];

interface Props {
  plan: ImportPlan;
  proof: ImportProof | null;
  busy: boolean;
  onChoose(choices: ImportChoices): void;
}

/** The blocks to be: name, kind and cut of each can be chosen, and the proof says how it fares. */
export function Decisions({ plan, proof, busy, onChoose }: Props): ReactElement {
  const { choices } = plan;
  return (
    <section aria-label="Blocks of the pipeline" className="import-side">
      <h2>Pipeline</h2>
      {choices.joins.length === 0 && !choices.whole ? null : (
        <p className="import-note">
          Some cells were joined.{" "}
          <Button
            size="small"
            disabled={busy}
            onClick={() => onChoose({ ...choices, joins: [], whole: false })}
          >
            Cut them apart
          </Button>
        </p>
      )}
      <ol className="import-list">
        {plan.blocks.map((block, index) => (
          <li key={block.name} className="card import-block">
            <div className="import-line">
              <KindChip kind={block.kind} />
              <NameField
                label={`Name of block ${block.name}`}
                value={block.name}
                onChange={(name) =>
                  onChoose({ ...choices, names: { ...choices.names, [block.cell]: name } })
                }
              />
              {block.language === "markdown" || plan.exported ? null : (
                <>
                  <Select
                    aria-label={`Kind of block ${block.name}`}
                    value={block.kind}
                    disabled={busy}
                    onChange={(event) => {
                      const kinds = { ...choices.kinds, [block.cell]: event.target.value as Kind };
                      onChoose({ ...choices, kinds });
                    }}
                  >
                    {CHOICES.map((kind) => (
                      <option key={kind}>{kind}</option>
                    ))}
                  </Select>
                  <JoinButton
                    block={block}
                    above={above(plan.blocks, index)}
                    busy={busy}
                    onJoin={(cells) => onChoose({ ...choices, joins: [...choices.joins, cells] })}
                  />
                </>
              )}
            </div>
            <p className="muted import-from">
              {block.cells.length === 0 ? "" : `From cell ${block.cells.join(", ")}. `}
              {block.upstream.length === 0 ? "" : `Reads ${block.upstream.join(", ")}. `}
              {block.gives.length === 0 ? "" : `Gives ${block.gives.join(", ")}.`}
            </p>
            {block.why.map((why) => (
              <p key={why} className="import-note">
                {why}
              </p>
            ))}
            <Proven proof={proof} block={block.name} />
            <pre className="import-code">{block.source}</pre>
          </li>
        ))}
      </ol>
      {proof?.files.map((file) => (
        <p key={file.block} className="import-proof" data-state={file.state}>
          <code>{file.block}</code>: {file.state === "same" ? "same file" : file.detail}
        </p>
      ))}
    </section>
  );
}

function above(blocks: readonly ImportedBlock[], index: number): ImportedBlock | undefined {
  return blocks.slice(0, index).findLast(({ language }) => language === "python");
}

function JoinButton(props: {
  block: ImportedBlock;
  above: ImportedBlock | undefined;
  busy: boolean;
  onJoin(cells: number[]): void;
}): ReactElement | null {
  const { block, above: other, busy, onJoin } = props;
  if (other === undefined || block.language !== "python") return null;
  return (
    <Button
      size="small"
      disabled={busy}
      aria-label={`Join ${block.name} with ${other.name}`}
      onClick={() => onJoin([other.cell, block.cell])}
    >
      Join with {other.name}
    </Button>
  );
}

function Proven(props: { proof: ImportProof | null; block: string }): ReactElement | null {
  const found = props.proof?.blocks.find(({ block }) => block === props.block);
  if (found === undefined) return null;
  const words = { same: "Same result", different: "Different", unproven: "Not proven" }[
    found.state
  ];
  return (
    <p className="import-proof" data-state={found.state}>
      {words}
      {found.detail === "" ? "" : `: ${found.detail}`}
    </p>
  );
}
