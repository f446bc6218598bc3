import { type ReactElement, type Ref, useEffect, useState } from "react";
import type { Reading, Way } from "./reading";

/** A value in one of the ways to read it. Nothing of it is ever markup. */
export function CellContent(props: {
  reading: Reading;
  way: Way;
  ref?: Ref<HTMLElement>;
}): ReactElement {
  const { reading, way, ref } = props;
  if (way === "picture" && reading.picture !== undefined) {
    return <Picture picture={reading.picture} ref={ref} />;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by keys
    <pre ref={ref as Ref<HTMLPreElement>} tabIndex={0} className="cell-popover-text" data-way={way}>
      {reading.textIn(way)}
    </pre>
  );
}

function Picture(props: {
  picture: NonNullable<Reading["picture"]>;
  ref: Ref<HTMLElement> | undefined;
}): ReactElement {
  const { picture, ref } = props;
  const source = useSource(picture);
  const [size, setSize] = useState("");
  const [failed, setFailed] = useState(false);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by keys
    <figure ref={ref} tabIndex={0} className="cell-picture">
      {failed || source === null ? null : (
        <img
          src={source}
          alt="What this cell holds"
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            setSize(`${naturalWidth} × ${naturalHeight} pixels`)
          }
          onError={() => setFailed(true)}
        />
      )}
      <figcaption className="muted">
        {failed ? "It begins like a picture, and cannot be drawn as one." : size}
      </figcaption>
    </figure>
  );
}

/** An address for an image alone: nothing that it names is ever opened as a page. */
function useSource(picture: NonNullable<Reading["picture"]>): string | null {
  const [source, setSource] = useState<string | null>(typeof picture === "string" ? picture : null);
  useEffect(() => {
    if (typeof picture === "string") {
      setSource(picture);
      return;
    }
    const { type, bytes } = picture;
    const address = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }));
    setSource(address);
    return () => URL.revokeObjectURL(address);
  }, [picture]);
  return source;
}
