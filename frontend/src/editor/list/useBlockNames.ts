import { useShallow } from "zustand/react/shallow";
import { useSession } from "../../session";

/** Names of the blocks in the order of the page; the same array while they stay the same. */
export function useBlockNames(): string[] {
  return useSession(useShallow((state) => state.blocks.map((block) => block.name)));
}
