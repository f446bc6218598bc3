import type { ReactElement } from "react";
import { apiUrl } from "../client";
import type { Display } from "../protocol";

/** Pictures are pictures; anything rich lives in a frame of its own origin that can reach nothing. */
export function DisplayView(props: { display: Display; block: string }): ReactElement {
  const { mime, address, text } = props.display;
  if (mime === "text/plain" || address === "") {
    return <pre className="display-view-text">{text}</pre>;
  }
  const source = apiUrl(`outputs/${address}/display`, { mime });
  const title = `${mime} shown by ${props.block}`;
  if (mime.startsWith("image/") && mime !== "image/svg+xml") {
    return <img className="display-view-image" src={source} alt={title} loading="lazy" />;
  }
  return (
    <iframe
      className="display-view-frame"
      title={title}
      src={source}
      sandbox="allow-scripts"
      loading="lazy"
      referrerPolicy="no-referrer"
    />
  );
}
