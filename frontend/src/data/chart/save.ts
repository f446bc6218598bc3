/** A chart as a file: the same picture, with its colours and letters written into it. */
import { save } from "../frame/saving";

const KEPT = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "opacity",
] as const;
/** Pixels of a picture for each of the page. */
const SHARPNESS = 2;

/** The SVG of a chart that stands by itself. */
export function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll("*")];
  const to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, at) => {
    const styles = getComputedStyle(element);
    for (const name of KEPT) to[at]?.setAttribute(name, styles.getPropertyValue(name));
    for (const name of ["class", "tabindex", "role", "aria-label"]) to[at]?.removeAttribute(name);
  });
  for (const passing of copy.querySelectorAll("[data-passing]")) passing.remove();
  const { width, height } = svg.getBoundingClientRect();
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(svg).backgroundColor);
  copy.prepend(ground);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  return new XMLSerializer().serializeToString(copy);
}

export async function saveChart(
  svg: SVGSVGElement,
  name: string,
  format: "svg" | "png",
): Promise<void> {
  const text = standalone(svg);
  const blob = new Blob([text], { type: "image/svg+xml" });
  save(format === "svg" ? blob : await asPng(blob, svg), `${name}.${format}`);
}

async function asPng(svg: Blob, { clientWidth, clientHeight }: SVGSVGElement): Promise<Blob> {
  const address = URL.createObjectURL(svg);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = clientWidth * SHARPNESS;
    canvas.height = clientHeight * SHARPNESS;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) =>
        blob === null ? reject(new Error("The picture could not be made.")) : resolve(blob),
      );
    });
  } finally {
    URL.revokeObjectURL(address);
  }
}
