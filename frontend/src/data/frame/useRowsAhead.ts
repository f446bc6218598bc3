import { useEffect } from "react";
import type { Api } from "../../client";
import { type Session, useApi, useSessionHandle } from "../../session";
import { FIRST_LOOK, type FrameRows, rowsInPlace } from "../rows/frame-rows";
import { placeOfBlock } from "../view";

/**
 * Asks for the first rows of what a block gives at the moment that it is told of: they are under way
 * while the page draws that the block has finished. Returns what stops it.
 */
export function askAhead(api: Api, session: Session, block: string): () => void {
  const self = {};
  let asked: FrameRows | undefined;
  const stop = session.subscribe((event) => {
    if (event.op !== "block-finished" || event.block !== block) return;
    const { output } = event;
    if (output.kind !== "table") return;
    asked?.leave(self);
    asked = rowsInPlace(api, output, placeOfBlock(session.pipeline, block));
    asked.look(self, FIRST_LOOK);
  });
  return () => {
    stop();
    asked?.leave(self);
  };
}

export function useRowsAhead(block: string): void {
  const api = useApi();
  const session = useSessionHandle();
  useEffect(() => askAhead(api, session, block), [api, session, block]);
}
