import { Fragment, type ReactElement } from "react";
import { useStore } from "zustand";
import { useSessionHandle } from "../../session";
import { Button, EmptyState, Kbd } from "../../ui";
import { BlockCard } from "../block/BlockCard";
import { InsertRow } from "../block/InsertRow";
import { useEditor } from "../page/context";
import { openDialog } from "../page/operations";
import { useBlockNames } from "./useBlockNames";

/** The column of blocks. Cards far from the screen cost no editor, see `CodeArea`. */
export function BlockList(): ReactElement {
  const names = useBlockNames();
  const phase = useStore(useSessionHandle().store, (state) => state.phase);
  if (names.length === 0) return phase === "opening" ? <Opening /> : <NoBlocks />;
  return (
    <div className="block-scroll" data-scroll-root>
      <div className="block-list">
        <ol aria-label="Blocks">
          {names.map((name, index) => (
            <Fragment key={name}>
              {index > 0 && (
                // For pointers only: keys add a block with A and B, and it is no block to be counted.
                <li className="insert-item" aria-hidden="true">
                  <InsertRow index={index} />
                </li>
              )}
              <BlockCard name={name} position={index + 1} count={names.length} />
            </Fragment>
          ))}
        </ol>
        <InsertRow index={names.length} open />
      </div>
    </div>
  );
}

function Opening(): ReactElement {
  return (
    <div className="block-scroll" aria-busy="true">
      <div className="block-list">
        <div className="block block-opening" />
        <div className="block block-opening" />
      </div>
    </div>
  );
}

function NoBlocks(): ReactElement {
  const editor = useEditor();
  return (
    <div className="block-scroll">
      <EmptyState
        title="No blocks yet"
        actions={
          <>
            <Button look="primary" onClick={() => openDialog(editor, { kind: "add", index: 0 })}>
              Add a block
            </Button>
            <Button onClick={() => openDialog(editor, { kind: "library", index: 0 })}>
              From the library
            </Button>
          </>
        }
      >
        Press <Kbd keys="b" /> to add a block.
      </EmptyState>
    </div>
  );
}
