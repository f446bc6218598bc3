import type { ReactElement } from "react";
import { useNow } from "./clock";
import { formatDuration, formatMoment, formatRelative } from "./format";

/** "2 h ago" or "in 6 min", with the whole moment as title. */
export function TimeAgo(props: { at: string }): ReactElement {
  const now = useNow("slow");
  return (
    <time dateTime={props.at} title={formatMoment(props.at)}>
      {formatRelative(props.at, Math.max(now, 0))}
    </time>
  );
}

/** Seconds since a moment, counting while it is shown. */
export function Elapsed(props: { since: string }): ReactElement {
  const now = useNow("fast");
  return <>{formatDuration(Math.max(0, (now - new Date(props.since).getTime()) / 1000))}</>;
}
