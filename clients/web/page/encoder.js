// Pictures as JPEG, scaled down to what the gateway takes.

const QUALITIES = [0.85, 0.6, 0.4];

export class Encoder {
  #canvas = new OffscreenCanvas(1, 1);

  /** Returns {jpeg, width, height} of a picture whose longer side is at most `longest`. */
  async encode(picture, width, height, longest, mostBytes) {
    const scale = Math.min(1, longest / Math.max(width, height));
    const canvas = this.#canvas;
    const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    context.fillStyle = "#fff";
    context.fillRect(0, 0, size.width, size.height);
    context.drawImage(picture, 0, 0, size.width, size.height);
    for (const quality of QUALITIES) {
      const jpeg = await canvas.convertToBlob({ type: "image/jpeg", quality });
      if (jpeg.size <= mostBytes) return { jpeg, ...size };
    }
    throw new Error("the picture is too rich in detail to be sent: make it smaller");
  }
}
