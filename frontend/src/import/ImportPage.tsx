import { type ReactElement, useCallback, useEffect, useState } from "react";
import { messageOf } from "../client";
import type { ImportChoices, ImportPlan, ImportProof } from "../protocol";
import { useApi } from "../session";
import {
  announce,
  Button,
  type ChosenNotebook,
  chosenNotebook,
  Input,
  Link,
  navigate,
  Page,
  plural,
  toastError,
} from "../ui";
import { Cells } from "./Cells";
import { Chooser } from "./Chooser";
import { Decisions } from "./Decisions";
import "./import.css";

/** A notebook on its way to a pipeline: what was read, how it is cut, whether that is proven. */
export function ImportPage(): ReactElement {
  const [chosen, setChosen] = useState(chosenNotebook);
  if (chosen === null) {
    return (
      <Page title="Import a notebook">
        <h1 className="visually-hidden">Import a notebook</h1>
        <Chooser onChosen={() => setChosen(chosenNotebook())} />
        <p className="import-back">
          <Link to="/">All pipelines</Link>
        </p>
      </Page>
    );
  }
  return <Import chosen={chosen} />;
}

function Import({ chosen }: { chosen: ChosenNotebook }): ReactElement {
  const api = useApi();
  const [plan, setPlan] = useState<ImportPlan | null>(null);
  const [proof, setProof] = useState<ImportProof | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState<"read" | "prove" | "make" | null>("read");

  const ask = useCallback(
    async (choices: Partial<ImportChoices>): Promise<void> => {
      setBusy("read");
      try {
        setPlan(await api.post<ImportPlan>("imports/plan", { ...chosen, choices }));
        setProof(null);
        setProblem(null);
      } catch (thrown) {
        setProblem(messageOf(thrown));
      }
      setBusy(null);
    },
    [api, chosen],
  );
  useEffect(() => void ask({}), [ask]);

  const prove = async (choices: ImportChoices): Promise<void> => {
    setBusy("prove");
    try {
      const found = await api.post<ImportProof>("imports/proof", { ...chosen, choices });
      setProof(found);
      setPlan(found.plan);
      announce(found.proven ? "Proven: the same result." : "Not proven.");
    } catch (thrown) {
      toastError(thrown);
    }
    setBusy(null);
  };
  const make = async (choices: ImportChoices): Promise<void> => {
    setBusy("make");
    try {
      const { name } = await api.post<{ name: string }>("imports/pipelines", {
        ...chosen,
        choices,
      });
      navigate(`/p/${name}`);
    } catch (thrown) {
      setProblem(messageOf(thrown));
      setBusy(null);
    }
  };

  if (plan === null) {
    return (
      <Page title="Import a notebook">
        <h1>{chosen.file}</h1>
        {problem === null ? (
          <p className="muted">Reading…</p>
        ) : (
          <p role="alert" className="import-problem">
            {problem}
          </p>
        )}
      </Page>
    );
  }
  const running = plan.blocks.filter(({ kind }) => kind !== "markdown");
  return (
    <Page
      title="Import a notebook"
      actions={
        <>
          <Button
            disabled={busy !== null || plan.exported}
            data-tip="Runs the code of the notebook, and the pipeline, in copies of the project"
            onClick={() => void prove(plan.choices)}
          >
            {busy === "prove" ? "Running both…" : "Run both and compare"}
          </Button>
          <Button look="primary" disabled={busy !== null} onClick={() => void make(plan.choices)}>
            Make the pipeline
          </Button>
        </>
      }
    >
      <header className="import-head">
        <h1>{chosen.file}</h1>
        <p className="muted">
          {plural(plan.cells.length, "cell")}, {plural(running.length, "block")}, in the order of{" "}
          {plan.order === "position" ? "their places" : "their execution"}. Nothing was run yet that
          you did not start.
        </p>
        <div className="import-name">
          <span aria-hidden="true">Name</span>
          <NameField
            label="Name of the pipeline"
            value={plan.name}
            onChange={(name) => void ask({ ...plan.choices, name })}
          />
        </div>
      </header>
      {problem === null ? null : (
        <p role="alert" className="import-problem">
          {problem}
        </p>
      )}
      {plan.notes.map((note) => (
        <p key={note} className="import-note">
          {note}
        </p>
      ))}
      {plan.requirements.length === 0 ? null : (
        <p className="import-note">It needs {plan.requirements.join(", ")}.</p>
      )}
      <Verdict proof={proof} exported={plan.exported} />
      <div className="import-sides">
        <Cells plan={plan} />
        <Decisions plan={plan} proof={proof} busy={busy !== null} onChoose={(to) => void ask(to)} />
      </div>
    </Page>
  );
}

function Verdict(props: { proof: ImportProof | null; exported: boolean }): ReactElement | null {
  const { proof, exported } = props;
  if (exported)
    return (
      <p className="import-verdict" data-state="same">
        It comes back as it left.
      </p>
    );
  if (proof === null) return null;
  return (
    <div
      className="import-verdict"
      data-state={proof.proven ? "same" : "different"}
      role="status"
      aria-label="Proof"
    >
      <strong>
        {proof.proven
          ? `Proven: the same result, in ${proof.seconds.toFixed(1)} s`
          : "Not proven to give the same"}
      </strong>
      {proof.reasons.map((reason) => (
        <p key={reason}>{reason}</p>
      ))}
    </div>
  );
}

/** Takes effect when it is left or Enter is pressed: each change cuts the notebook anew. */
export function NameField(props: {
  value: string;
  label?: string;
  onChange(value: string): void;
}): ReactElement {
  const [text, setText] = useState(props.value);
  useEffect(() => setText(props.value), [props.value]);
  const commit = (): void => {
    if (text !== props.value) props.onChange(text);
  };
  return (
    <Input
      mono
      aria-label={props.label}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}
