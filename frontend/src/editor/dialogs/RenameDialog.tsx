import { type ReactElement, useState } from "react";
import { NAME_RULE } from "../../protocol";
import { useSession } from "../../session";
import { Button, Dialog, Field, Input } from "../../ui";
import { useEditor } from "../page/context";
import { closeDialog, rename } from "../page/operations";

interface Props {
  block: string;
  onClose(): void;
}

export function RenameDialog({ block, onClose }: Props): ReactElement {
  const editor = useEditor();
  const [name, setName] = useState(block);
  const isTaken = useSession((state) => state.blocks.some((one) => one.name === name));
  const problem = !NAME_RULE.test(name)
    ? "Small letters, digits and _, beginning with a letter."
    : isTaken && name !== block
      ? "There is a block of that name."
      : undefined;
  const keep = (): void => {
    if (problem !== undefined) return;
    closeDialog(editor);
    void rename(editor, block, name);
  };
  return (
    <Dialog
      title={`Rename ${block}`}
      onClose={onClose}
      onSubmit={keep}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={problem !== undefined || name === block}>
            Rename everywhere
          </Button>
        </>
      }
    >
      <Field
        label="Name"
        note="Its file, function and every mention in other blocks"
        error={problem}
      >
        {(control) => (
          <Input
            {...control}
            mono
            data-autofocus
            value={name}
            onFocus={(event) => event.target.select()}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}
