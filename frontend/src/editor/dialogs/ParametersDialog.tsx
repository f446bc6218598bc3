import { type ReactElement, useState } from "react";
import { useSession } from "../../session";
import { Button, Dialog, ParametersForm } from "../../ui";
import { useEditor } from "../page/context";
import { closeDialog } from "../page/operations";

/** Values for the editor's own runs; the files keep their defaults. */
export function ParametersDialog({ onClose }: { onClose(): void }): ReactElement {
  const editor = useEditor();
  const parameters = useSession((state) => state.parameters);
  const given = useSession((state) => state.values);
  const [values, setValues] = useState(given);
  const [isValid, setValid] = useState(true);
  const keep = (): void => {
    if (!isValid) return;
    closeDialog(editor);
    void editor.send({ op: "set-parameters", values });
  };
  return (
    <Dialog
      title="Parameters of editor runs"
      onClose={onClose}
      onSubmit={keep}
      footer={
        <>
          <Button onClick={() => setValues({})}>Back to defaults</Button>
          <Button look="primary" type="submit" disabled={!isValid}>
            Use these
          </Button>
        </>
      }
    >
      {parameters.length === 0 ? (
        <p className="muted">This pipeline declares no parameters.</p>
      ) : (
        <ParametersForm
          parameters={parameters}
          values={values}
          onChange={setValues}
          onValidity={setValid}
        />
      )}
      <p className="muted dialog-note">
        Schedules have values of their own; without them they use the defaults of pipeline.yaml.
      </p>
    </Dialog>
  );
}
