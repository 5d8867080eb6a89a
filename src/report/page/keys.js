// The keyboard.

/** Listens to the keys of both views; none is taken while text is typed. */
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "?") app.help();
    else if (!document.querySelector("dialog[open]")) {
      const act = (app.view ? callKeys(app) : overviewKeys(app))[event.key];
      if (!act) return;
      act();
    } else return;
    event.preventDefault();
  });
}

function overviewKeys(app) {
  return {
    j: () => app.overview.table.move(1),
    k: () => app.overview.table.move(-1),
    ArrowDown: () => app.overview.table.move(1),
    ArrowUp: () => app.overview.table.move(-1),
    "/": focusSearch,
  };
}

function callKeys(app) {
  const { view } = app;
  return {
    j: () => app.step(1),
    k: () => app.step(-1),
    n: () => view.movePoint(1),
    p: () => view.movePoint(-1),
    ".": () => view.review.move(1),
    ",": () => view.review.move(-1),
    a: () => view.review.judgeCurrent("accept"),
    x: () => view.review.judgeCurrent("reject"),
    c: () => view.review.judgeCurrent("correct"),
    r: () => view.openRecording(),
    Escape: () => app.back(),
    "/": focusSearch,
  };
}

function focusSearch() {
  document.querySelector("#search").focus();
}
