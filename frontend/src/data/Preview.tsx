import type { ReactElement } from "react";
import type { PreviewProps } from "../ui";
import { FrameView } from "./FrameView";
import { ROW_HEIGHT } from "./grid/scroll";
import { HEADER_HEIGHT } from "./grid/useViewport";
import { Notes } from "./Notes";
import { ValueView } from "./ValueView";
import { placeOfBlock, placeOfOutput } from "./view";
import "./data.css";

const MOST_ROWS = 10;
const FOOTER = 28;
/** A bar at the bottom, where the platform shows one. */
const BAR = 12;

/** What a block gave, below the block: of a table the whole of it, to scroll through. */
export function Preview({ output, of, height }: PreviewProps): ReactElement {
  if (output.kind !== "table") return <ValueView output={output} />;
  const most = HEADER_HEIGHT + MOST_ROWS * ROW_HEIGHT + BAR + FOOTER;
  const place =
    of === undefined ? placeOfOutput(output.address) : placeOfBlock(of.pipeline, of.block);
  return (
    <div className="preview" style={{ maxHeight: height ?? most }}>
      <FrameView output={output} place={place} block={of?.block} label="Rows of the result" />
      <Notes output={output} />
    </div>
  );
}
