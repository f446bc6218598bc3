import { Send } from "lucide-react";
import { type ReactElement, useState } from "react";
import type { ChannelTable, Notifications, NotificationTable } from "../protocol";
import { useApi, useResource } from "../session";
import {
  announce,
  Button,
  EmptyState,
  Link,
  LoadFailed,
  plural,
  StateWords,
  TimeAgo,
  toastError,
} from "../ui";
import { channelWords, EVENT_WORDS, serviceName } from "./words";

const EXAMPLE = `notify: {team: {url: "slack://\${SLACK_TOKEN}", events: [failure, recovery]}}`;
/** How many of the newest notifications are listed. */
const LISTED = 10;

/** Who is told of runs, how each channel does, and what was sent. */
export function Channels(): ReactElement {
  const { data, error, reload } = useResource(
    "notifications",
    (api, signal) => api.get<Notifications>("notifications", { query: { limit: LISTED }, signal }),
    (event) =>
      event.op === "notifications-changed" ||
      event.op === "pipelines-changed" ||
      (event.op === "run-changed" && event.run.finished_at !== null),
  );
  return (
    <section className="card settings-section" aria-labelledby="notifications">
      <h2 id="notifications">Notifications</h2>
      {error === undefined || data !== undefined ? null : (
        <LoadFailed error={error} onRetry={reload} />
      )}
      {data?.problems.map((problem) => (
        <p key={problem} className="channel-problem">
          <StateWords sign="failed">{problem}</StateWords>
        </p>
      ))}
      {data === undefined ? null : data.channels.length === 0 ? (
        <EmptyState title="Nobody is told when a run fails">
          Name a channel in <code>headrace.yaml</code>, by mail, Slack, Teams or a webhook:{" "}
          <code>{EXAMPLE}</code>
        </EmptyState>
      ) : (
        <ul className="channels">
          {data.channels.map((channel) => (
            <ChannelRow key={channel.name} channel={channel} onTested={reload} />
          ))}
        </ul>
      )}
      {data === undefined || data.notifications.length === 0 ? null : (
        <Newest notifications={data.notifications} />
      )}
    </section>
  );
}

interface ChannelRowProps {
  channel: ChannelTable;
  onTested(): void;
}

function ChannelRow({ channel, onTested }: ChannelRowProps): ReactElement {
  const api = useApi();
  const [testing, setTesting] = useState(false);
  const [tested, setTested] = useState<{ error: string | null } | null>(null);
  const test = (): void => {
    setTesting(true);
    setTested(null);
    api
      .post<{ error: string | null }>(`channels/${channel.name}/test`)
      .then((came) => {
        setTested(came);
        announce(came.error === null ? "The test message was sent." : "It could not be sent.");
      })
      .catch(toastError)
      .finally(() => {
        setTesting(false);
        onTested();
      });
  };
  const error = channel.problem ?? (tested === null ? channel.error : tested.error);
  return (
    <li className="channel">
      <div>
        <div>
          <strong>{channel.name}</strong>{" "}
          {serviceName(channel.service) === channel.name ? null : (
            <span className="muted">{serviceName(channel.service)}</span>
          )}
        </div>
        <div className="muted channel-note">{channelWords(channel)}</div>
        <div className="channel-note">
          {error !== null ? (
            <StateWords sign="failed">
              {error}
              {tested === null && channel.problem === null && channel.error_at !== null ? (
                <>
                  {" "}
                  (<TimeAgo at={channel.error_at} />)
                </>
              ) : null}
            </StateWords>
          ) : tested !== null ? (
            <StateWords sign="ok">The test message was sent.</StateWords>
          ) : channel.sent_at === null ? (
            <span className="muted">Nothing was sent yet.</span>
          ) : (
            <span className="muted">
              Last sent <TimeAgo at={channel.sent_at} />
            </span>
          )}
          {channel.waiting === 0 ? null : (
            <span className="muted"> · {plural(channel.waiting, "notification")} to be sent</span>
          )}
        </div>
      </div>
      <Button
        size="small"
        icon={Send}
        disabled={testing}
        aria-label={`Send a test message to ${channel.name}`}
        onClick={test}
      >
        {testing ? "Sending…" : "Send a test message"}
      </Button>
    </li>
  );
}

function Newest({ notifications }: { notifications: readonly NotificationTable[] }): ReactElement {
  return (
    <>
      <h3 className="channels-newest">Newest</h3>
      <ul className="channels-sent">
        {notifications.map((one) => (
          <li key={one.id} title={one.reason ?? undefined}>
            <Link
              to={one.run === null ? `/p/${one.pipeline}` : `/p/${one.pipeline}/runs/${one.run}`}
              className="ellipsis"
            >
              {one.pipeline} {EVENT_WORDS[one.event]}
            </Link>
            <span className="muted ellipsis">to {one.channel}</span>
            <span className="muted">
              {one.state === "sent" ? (
                <>
                  sent <TimeAgo at={one.sent_at ?? one.created_at} />
                </>
              ) : one.state === "failed" ? (
                <StateWords sign="failed">given up</StateWords>
              ) : one.attempts > 0 ? (
                <StateWords sign="stale">is tried again</StateWords>
              ) : (
                "is about to be sent"
              )}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
