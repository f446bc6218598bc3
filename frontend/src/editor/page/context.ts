import { type Context, createContext, useContext } from "react";
import { useStore } from "zustand";
import type { Buffer } from "../saving/buffer";
import type { Editor, EditorState } from "./model";

export const EditorContext: Context<Editor | null> = createContext<Editor | null>(null);

/** The editor of this page. */
export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (editor === null) throw new Error("There is no editor above.");
  return editor;
}

/** A part of the editor's own state. */
export function useEditorState<T>(select: (state: EditorState) => T): T {
  return useStore(useEditor().store, select);
}

/** What is typed and saved of a block. */
export function useBuffer<T>(block: string, select: (buffer: Buffer | undefined) => T): T {
  return useStore(useEditor().buffers.store, (buffers) => select(buffers[block]));
}
