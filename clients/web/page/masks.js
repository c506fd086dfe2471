// "Put a mask on me": which masks there are, and which one is wished for.

/** Keeps the gateway told of the wish; events of `connection` tell when a session begins. */
export function offerMasks(connection, { fieldset, on, style, colour }) {
  const tell = () => connection.request({ type: "mask", on: on.checked, ...(on.checked && wish()) });
  const wish = () => ({ style: style.value, colour: colour.value });
  connection.addEventListener("open", ({ detail }) => {
    offer(style, detail.styles);
    offer(colour, detail.colours);
    fieldset.disabled = false;
    if (on.checked) tell();
  });
  connection.addEventListener("state", ({ detail }) => {
    fieldset.disabled = !detail.there;
  });
  on.addEventListener("change", tell);
  for (const select of [style, colour]) select.addEventListener("change", () => on.checked && tell());
}

function offer(select, names) {
  const chosen = select.value;
  select.replaceChildren(new Option("any", ""), ...names.map((name) => new Option(name, name)));
  select.value = names.includes(chosen) ? chosen : "";
}
