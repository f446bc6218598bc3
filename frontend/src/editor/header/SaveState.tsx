import type { ReactElement } from "react";
import { useStore } from "zustand";
import { useConnection } from "../../session";
import { useEditor } from "../page/context";
import { type Buffer, isDirty } from "../saving/buffer";

/** One word on what is typed: saved, saving, or why not. */
export function SaveState(): ReactElement {
  const { buffers } = useEditor();
  const words = useStore(buffers.store, wordsOf);
  const isOffline = useConnection((state) => state.phase === "offline");
  const shown = isOffline && words !== "saved" ? "kept here until the server is back" : words;
  return (
    <span className="save-state" data-problem={words.includes("not") || undefined}>
      {shown}
    </span>
  );
}

function wordsOf(buffers: Readonly<Record<string, Buffer>>): string {
  const dirty = Object.values(buffers).filter(isDirty);
  if (dirty.some((buffer) => buffer.theirs !== null)) return "not saved: conflict";
  if (dirty.some((buffer) => buffer.problem !== null)) return "not saved";
  return dirty.length > 0 ? "saving…" : "saved";
}
