import type { ReactElement } from "react";
import { apiUrl } from "../../client";
import type { Display } from "../../protocol";

interface Props {
  display: Display;
  block: string;
}

/** Pictures are pictures; anything rich lives in a frame of its own origin that can reach nothing. */
export function DisplayView({ display, block }: Props): ReactElement {
  const { mime, address, text } = display;
  if (mime === "text/plain" || address === "") {
    return <pre className="display-text">{text}</pre>;
  }
  const source = apiUrl(`outputs/${address}/display`, { mime });
  const title = `${mime} shown by ${block}`;
  if (mime.startsWith("image/") && mime !== "image/svg+xml") {
    return <img className="display-image" src={source} alt={title} loading="lazy" />;
  }
  return (
    <iframe
      className="display-frame"
      title={title}
      src={source}
      sandbox="allow-scripts"
      loading="lazy"
      referrerPolicy="no-referrer"
    />
  );
}
