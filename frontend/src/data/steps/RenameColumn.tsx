import { type ReactElement, useState } from "react";
import { Button, Dialog, Field, Input } from "../../ui";

interface Props {
  column: string;
  taken: readonly string[];
  onChoose(name: string): void;
  onClose(): void;
}

/** Asks what a column shall be called in the block. */
export function RenameColumn({ column, taken, onChoose, onClose }: Props): ReactElement {
  const [name, setName] = useState(column);
  const problem =
    name === ""
      ? "A column needs a name."
      : name !== column && taken.includes(name)
        ? "There is a column of that name."
        : undefined;
  return (
    <Dialog
      title={`Rename ${column} in the block`}
      onClose={onClose}
      onSubmit={() => {
        if (problem !== undefined) return;
        onClose();
        if (name !== column) onChoose(name);
      }}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={problem !== undefined}>
            Rename
          </Button>
        </>
      }
    >
      <Field label="Name" error={problem} note="The table that you look at stays as it is.">
        {(control) => (
          <Input
            {...control}
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
