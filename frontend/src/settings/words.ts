import type { ChannelTable, NotificationTable } from "../protocol";
import { plural } from "../ui";

/** What happened to a pipeline, after its name. */
export const EVENT_WORDS: Readonly<Record<NotificationTable["event"], string>> = {
  failure: "failed",
  recovery: "recovered",
  late: "is late",
  first_success: "succeeded for the first time",
};

const SERVICES: Readonly<Record<string, string>> = {
  mailto: "mail",
  mailtos: "mail",
  slack: "Slack",
  msteams: "Teams",
  workflows: "Teams",
  discord: "Discord",
  tgram: "Telegram",
  json: "webhook",
  jsons: "webhook",
  form: "webhook",
  forms: "webhook",
  xml: "webhook",
  xmls: "webhook",
};

/** The service of a channel as people call it: its scheme, or the variable that holds its URL. */
export function serviceName(scheme: string): string {
  return scheme.startsWith("${") ? `URL in ${scheme}` : (SERVICES[scheme] ?? scheme);
}

/** Of how many pipelines a channel is told: "Told of 3 pipelines". */
export function channelWords({ pipelines }: Pick<ChannelTable, "pipelines">): string {
  if (pipelines.length === 0) return "Told of no pipeline";
  return pipelines.length <= 3
    ? `Told of ${pipelines.join(", ")}`
    : `Told of ${plural(pipelines.length, "pipeline")}`;
}
