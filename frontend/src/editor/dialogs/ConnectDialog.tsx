import { type KeyboardEvent, type ReactElement, useState } from "react";
import { useSession } from "../../session";
import { connectTargets } from "../../session/connecting";
import { Dialog, Input, KindChip } from "../../ui";
import { useEditor } from "../page/context";
import { closeDialog, connect } from "../page/operations";

interface Props {
  upstream: string;
  onClose(): void;
}

/** Every block as a target of an edge; those that cannot be one say why. */
export function ConnectDialog({ upstream, onClose }: Props): ReactElement {
  const editor = useEditor();
  const blocks = useSession((state) => state.blocks);
  const [query, setQuery] = useState("");
  const targets = connectTargets(blocks, upstream).filter((target) =>
    target.name.includes(query.trim().toLowerCase()),
  );
  const choose = (name: string): void => {
    closeDialog(editor);
    void connect(editor, upstream, name);
  };
  const handleKey = (event: KeyboardEvent): void => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const first = targets.find((target) => target.reason === null);
    if (first !== undefined) choose(first.name);
  };
  return (
    <Dialog title={`Connect ${upstream} to…`} onClose={onClose}>
      <Input
        data-autofocus
        aria-label="Find a block"
        placeholder="Find a block"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={handleKey}
      />
      <div className="choice-list choice-scroll">
        {targets.map(({ name, kind, reason }) => (
          <button
            key={name}
            type="button"
            className="choice"
            aria-disabled={reason !== null}
            onClick={() => reason === null && choose(name)}
          >
            <KindChip kind={kind} />
            <span className="choice-name ellipsis">{name}</span>
            <span className="choice-detail">{reason ?? `adds ${upstream} to its inputs`}</span>
          </button>
        ))}
        {targets.length === 0 && <p className="muted choice-none">No block of that name.</p>}
      </div>
    </Dialog>
  );
}
