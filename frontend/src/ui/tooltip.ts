const DELAY_MS = 350;

/**
 * One tooltip for the whole page: elements say their words in `data-tip`.
 *
 * It follows pointer and keyboard focus, Esc hides it, and it never takes the pointer itself.
 */
export function installTooltips(root: Document = document): () => void {
  const tip = root.createElement("div");
  tip.className = "tooltip";
  tip.setAttribute("role", "tooltip");
  tip.popover = "manual";
  root.body.append(tip);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let owner: HTMLElement | null = null;

  const hide = (): void => {
    clearTimeout(timer);
    owner = null;
    if (tip.matches(":popover-open")) tip.hidePopover();
  };
  const show = (element: HTMLElement): void => {
    const words = element.dataset["tip"];
    if (words === undefined || words === "" || !element.isConnected) return;
    tip.textContent = words;
    tip.showPopover();
    const box = element.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const below = box.bottom + 6 + own.height < window.innerHeight;
    const left = box.left + box.width / 2 - own.width / 2;
    tip.style.left = `${Math.max(4, Math.min(left, window.innerWidth - own.width - 4))}px`;
    tip.style.top = `${below ? box.bottom + 6 : box.top - own.height - 6}px`;
  };
  const enter = (event: Event): void => {
    const element = (event.target as Element | null)?.closest<HTMLElement>("[data-tip]") ?? null;
    if (element === owner) return;
    hide();
    if (element === null) return;
    if (event.type === "focusin" && !element.matches(":focus-visible")) return;
    owner = element;
    timer = setTimeout(() => show(element), DELAY_MS);
  };
  const leave = (event: KeyboardEvent): void => {
    if (event.key === "Escape") hide();
  };
  root.addEventListener("pointerover", enter);
  root.addEventListener("focusin", enter);
  root.addEventListener("pointerdown", hide);
  root.addEventListener("keydown", leave);
  root.addEventListener("scroll", hide, true);
  return () => {
    hide();
    tip.remove();
    root.removeEventListener("pointerover", enter);
    root.removeEventListener("focusin", enter);
    root.removeEventListener("pointerdown", hide);
    root.removeEventListener("keydown", leave);
    root.removeEventListener("scroll", hide, true);
  };
}
