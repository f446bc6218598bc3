import { NotebookText } from "lucide-react";
import { type ReactElement, useState } from "react";
import { chooseNotebook, toastError } from "../ui";

/** Where a notebook is dropped, or chosen from the disk. */
export function Chooser({ onChosen }: { onChosen(): void }): ReactElement {
  const [isOver, setOver] = useState(false);
  const take = (file: File | undefined): void => {
    if (file !== undefined) chooseNotebook(file).then(onChosen, toastError);
  };
  return (
    <label
      className="card import-chooser"
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files[0]);
      }}
    >
      <NotebookText size={28} aria-hidden />
      <strong>Drop a notebook here</strong>
      <span>
        or <span className="import-choose">choose a file</span>, .ipynb or .py
      </span>
      <span className="muted">Nothing of it runs before you ask for the proof.</span>
      <input
        type="file"
        className="visually-hidden"
        aria-label="Notebook"
        accept=".ipynb,.py"
        onChange={(event) => take(event.target.files?.[0])}
      />
    </label>
  );
}
