// Light or dark: as the system says, unless the reader says otherwise.

const KEY = "maskmesh-theme";

export function followTheme(select) {
  select.value = localStorage.getItem(KEY) ?? "";
  apply(select.value);
  select.addEventListener("change", () => {
    localStorage.setItem(KEY, select.value);
    apply(select.value);
  });
}

function apply(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
