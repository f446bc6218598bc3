import { Copy } from "lucide-react";
import type { ReactElement } from "react";
import { Button, toast } from "../ui";

/** What a webhook must be given, as the server answers it: never again after this. */
export interface Secret {
  secret: string;
  path: string;
}

/** The address and the secret of a webhook, this once. */
export function WebhookSecret(
  props: { name: string } & Secret & { onClose(): void },
): ReactElement {
  const { name, secret, path, onClose } = props;
  const url = new URL(path, location.href).href;
  const call = `curl -X POST ${url} -H "Authorization: Bearer ${secret}" -H "Content-Type: application/json" -d '{}'`;
  const copy = (): void => {
    navigator.clipboard.writeText(call).then(
      () => toast("Copied."),
      () => toast("The browser did not allow to copy: select the text."),
    );
  };
  return (
    <section className="sheet-section webhook-secret" aria-label={`Secret of ${name}`}>
      <p>
        <strong>This secret is shown once.</strong> It starts runs of {name} and opens nothing else.
      </p>
      <pre>{call}</pre>
      <div className="sheet-actions">
        <Button icon={Copy} onClick={copy}>
          Copy
        </Button>
        <Button look="primary" onClick={onClose}>
          I have it
        </Button>
      </div>
    </section>
  );
}
