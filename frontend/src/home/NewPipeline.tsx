import { type ReactElement, useState } from "react";
import { messageOf } from "../client";
import { NAME_RULE } from "../protocol";
import { useApi } from "../session";
import { Button, Dialog, Field, Input, navigate } from "../ui";
import { nameOfTitle } from "./model";

/** Asks for a title, proposes the name, creates the pipeline and goes to its editor. */
export function NewPipeline(props: { taken: readonly string[]; onClose(): void }): ReactElement {
  const api = useApi();
  const [title, setTitle] = useState("");
  const [ownName, setOwnName] = useState<string | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const name = ownName ?? nameOfTitle(title);
  const problem = refused ?? (name === "" ? undefined : problemOf(name, props.taken));

  const create = async (): Promise<void> => {
    if (name === "" || problem !== undefined || busy) return;
    setBusy(true);
    try {
      await api.post("pipelines", { name, title: title.trim() || name });
      props.onClose();
      navigate(`/p/${name}`);
    } catch (thrown) {
      setRefused(messageOf(thrown));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title="New pipeline"
      onClose={props.onClose}
      onSubmit={() => void create()}
      footer={
        <>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            disabled={name === "" || problem !== undefined || busy}
          >
            Create
          </Button>
        </>
      }
    >
      <div className="form">
        <Field label="Title">
          {(control) => (
            <Input
              {...control}
              value={title}
              maxLength={120}
              placeholder="Late flights"
              onChange={(event) => {
                setTitle(event.target.value);
                setRefused(null);
              }}
            />
          )}
        </Field>
        <Field label="Name" note={`Folder pipelines/${name || "…"}/`} error={problem}>
          {(control) => (
            <Input
              {...control}
              mono
              value={name}
              placeholder="late_flights"
              onChange={(event) => {
                setOwnName(event.target.value);
                setRefused(null);
              }}
            />
          )}
        </Field>
      </div>
    </Dialog>
  );
}

function problemOf(name: string, taken: readonly string[]): string | undefined {
  if (!NAME_RULE.test(name)) {
    return "Use a lower-case letter, then up to 63 lower-case letters, digits or underscores.";
  }
  return taken.includes(name) ? "There is a pipeline of this name already." : undefined;
}
