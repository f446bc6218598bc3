/** What the page of one pipeline knows beyond the session: selection, mode, view and open dialog. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { PipelineCommand } from "../../protocol";
import type { Session } from "../../session";
import { type BlockRequest, toastError } from "../../ui";
import { type Buffers, createBuffers } from "../saving/buffers";
import { draftShelf } from "../saving/drafts";
import { focusBlock } from "./focus";

export type View = "blocks" | "canvas" | "split";
export type Tab = "preview" | "display" | "logs" | "schema" | "checks";

export type Dialog =
  | { kind: "add"; index: number }
  | { kind: "library"; index: number }
  | { kind: "connect"; block: string }
  | { kind: "rename"; block: string }
  | { kind: "configure"; block: string }
  | { kind: "contract"; block: string }
  | { kind: "parameters" }
  | { kind: "make-block"; request: BlockRequest }
  | { kind: "lineage"; block: string; column: string }
  | { kind: "translate"; block: string };

export interface EditorState {
  selected: string | null;
  /** The other end of a selection of several blocks; null while one alone is selected. */
  anchor: string | null;
  mode: "command" | "edit";
  view: View;
  dialog: Dialog | null;
  /** The tab of a block's result, where the user chose one. */
  tabs: Record<string, Tab | "none">;
  /** Block whose output the data panel keeps showing. */
  pinned: string | null;
  /** The next block to get the keyboard when it appears, because a command of ours makes it. */
  awaited: { name: string; mode: "command" | "edit" } | null;
  /** The blocks that the SQL of a block names as it is typed, before anything of it is saved. */
  typed: Readonly<Record<string, readonly string[]>>;
}

export interface Editor {
  readonly session: Session;
  readonly buffers: Buffers;
  readonly store: StoreApi<EditorState>;
  set(part: Partial<EditorState>): void;
  /** Gives a command; a refusal is shown on the page and resolves null. */
  send<T = unknown>(command: PipelineCommand): Promise<T | null>;
  /** Follows the session until the returned function is called. */
  follow(): () => void;
}

const FIRST: EditorState = {
  selected: null,
  anchor: null,
  mode: "command",
  view: "blocks",
  dialog: null,
  tabs: {},
  pinned: null,
  awaited: null,
  typed: {},
};

export function createEditor(session: Session, view: View): Editor {
  const store = createStore<EditorState>(() => ({ ...FIRST, view }));
  const buffers = createBuffers(
    (block, text, base) => session.send({ op: "save-source", block, text, base, connect: true }),
    draftShelf(session.pipeline),
  );
  return {
    session,
    buffers,
    store,
    // Whoever selects a block ends a selection of several.
    set: (part) => store.setState("selected" in part ? { anchor: null, ...part } : part),
    async send<T>(command: PipelineCommand) {
      try {
        return await session.send<T>(command);
      } catch (thrown) {
        toastError(thrown);
        return null;
      }
    },
    follow: () => followSession(session, store, buffers),
  };
}

/** Keeps buffers and selection in step with the blocks that there are. */
function followSession(
  session: Session,
  store: StoreApi<EditorState>,
  buffers: Buffers,
): () => void {
  const follow = (): void => {
    const { blocks, sources, phase } = session.store.getState();
    if (phase === "opening") return;
    const versions = blocks.map(
      (block) => [block.name, { text: sources[block.name] ?? "", hash: block.hash }] as const,
    );
    buffers.follow(new Map(versions));
    const { selected, awaited } = store.getState();
    const names = blocks.map((block) => block.name);
    if (awaited !== null && names.includes(awaited.name)) {
      store.setState({
        selected: awaited.name,
        anchor: null,
        mode: awaited.mode,
        awaited: null,
      });
      if (awaited.mode === "command") focusBlock(awaited.name);
    } else if (selected === null || !names.includes(selected)) {
      store.setState({ selected: names[0] ?? null, anchor: null, mode: "command" });
    }
  };
  follow();
  return session.store.subscribe((state, before) => {
    if (state.blocks !== before.blocks || state.sources !== before.sources) follow();
  });
}
