import { type ReactElement, useState } from "react";
import { Button, Dialog, Field, formatCount, Input } from "../../ui";

export interface GoToRowProps {
  rows: number;
  /** From 0. */
  onChoose(row: number): void;
  onClose(): void;
}

/** Asks for a row by its number, or by its share of the way. */
export function GoToRow({ rows, onChoose, onClose }: GoToRowProps): ReactElement {
  const [text, setText] = useState("");
  const row = readRow(text, rows);
  const error = text.trim() === "" || row !== null ? undefined : `Write 1 to ${formatCount(rows)}.`;
  return (
    <Dialog
      title="Go to a row"
      onClose={onClose}
      onSubmit={() => {
        if (row === null) return;
        onClose();
        queueMicrotask(() => onChoose(row));
      }}
      footer={
        <Button type="submit" look="primary" disabled={row === null}>
          Go
        </Button>
      }
    >
      <Field
        stacked
        label="Row"
        error={error}
        note={`1 to ${formatCount(rows)}, -1 for the last, or a share such as 50 %`}
      >
        {(control) => (
          <Input
            {...control}
            inputMode="numeric"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}

/** "12,345" → 12344, "-1" → the last, "50 %" → the middle; null when there is no such row. */
export function readRow(text: string, rows: number): number | null {
  const written = text.trim().replace(/[\s,_.](?=\d{3}\b)/g, "");
  const share = /^(\d+(?:\.\d+)?)\s*%$/.exec(written)?.[1];
  if (share !== undefined) {
    if (rows === 0 || Number(share) > 100) return null;
    return Math.min(rows - 1, Math.floor((rows * Number(share)) / 100));
  }
  if (!/^-?\d+$/.test(written)) return null;
  const number = Number(written);
  const row = number < 0 ? rows + number : number - 1;
  return row >= 0 && row < rows ? row : null;
}
