// Opens the batch and moves between the overview and a call.

import { CallView } from "./callview.js";
import { openBatch } from "./data.js";
import { toggleHelp } from "./help.js";
import { listenToKeys } from "./keys.js";
import { Overview } from "./overview.js";
import { Selection } from "./selection.js";
import { Review } from "./store.js";
import { switchLanguage, t } from "./text.js";
import { drawTopbar } from "./topbar.js";

const NOTICE_MS = 6000;

/** The page: which batch, what is chosen, and what is shown. */
class Page {
  batch;
  review;
  selection;
  overview;
  /** The open call; null in the overview. */
  view = null;
  #overviewNode = document.querySelector("#overview");
  #callNode = document.querySelector("#call");
  #notice = document.querySelector("#notice");
  #noticeTimer = 0;
  #opening = 0;

  constructor(batch) {
    this.batch = batch;
    this.review = new Review(batch.name);
    this.selection = new Selection(batch, this.review);
    this.#draw();
    this.selection.onChange((fromTop) => this.overview.update(fromTop));
    this.review.onChange((callId) => this.#reviewChanged(callId));
    window.addEventListener("hashchange", () => void this.#route());
    this.#overviewNode.addEventListener("click", (event) => this.#openCell(event));
    listenToKeys(this);
    void this.#route();
    if (this.review.failed) this.notify(t("notStored"), true);
  }

  /** Shows a short message. */
  notify(text, stays = false) {
    this.#notice.textContent = text;
    clearTimeout(this.#noticeTimer);
    if (stays) return;
    this.#noticeTimer = setTimeout(() => {
      this.#notice.textContent = "";
    }, NOTICE_MS);
  }

  /** Shows or hides the help. */
  help() {
    toggleHelp(document.querySelector("#help"), this.batch.heatmap);
  }

  /** Goes to the next or previous call of the selection. */
  step(direction) {
    const row = this.selection.neighbour(this.view.position, direction);
    if (row) location.hash = `#call=${row.position}`;
  }

  /** Goes back to the overview. */
  back() {
    location.hash = "";
  }

  /** Searches; from a call this leads back to the overview. */
  searchFor(text) {
    if (this.view && text !== "") this.back();
    this.selection.filter({ text });
  }

  /** Draws everything in the other language. */
  changeLanguage() {
    switchLanguage();
    this.#draw();
    this.view?.close();
    this.view = null;
    void this.#route();
  }

  #draw() {
    document.title = `${t("title")} · callheat`;
    drawTopbar(document.querySelector("#topbar"), this);
    this.overview = new Overview(this.#overviewNode, this);
  }

  #reviewChanged(callId) {
    if (this.review.failed) this.notify(t("notStored"), true);
    const open = this.view && this.batch.rows[this.view.position].id;
    if (this.view && (callId === null || callId === open)) this.view.review.draw();
    if (!this.view) this.selection.update(false);
    else this.stale = true;
  }

  /** A click on a cell of the heatmap opens the call at that place. */
  #openCell(event) {
    const bin = event.target.dataset.bin;
    const position = event.target.closest("a.row")?.dataset.position;
    if (bin === undefined || position === undefined) return;
    event.preventDefault();
    location.hash = `#call=${position}&bin=${bin}`;
  }

  async #route() {
    const place = new URLSearchParams(location.hash.slice(1));
    const row = place.has("call") ? this.batch.rows[Number(place.get("call"))] : undefined;
    this.#opening += 1;
    const opening = this.#opening;
    const call = row ? await this.batch.call(row.position) : null;
    if (opening !== this.#opening) return;
    if (call) this.#show(call, row, place);
    else this.#showOverview();
  }

  #show(call, row, place) {
    this.view?.close();
    this.#overviewNode.hidden = true;
    this.#callNode.hidden = false;
    this.#callNode.scrollTop = 0;
    this.view = new CallView(this.#callNode, call, row, this);
    document.title = `${row.id} · callheat`;
    this.#callNode.querySelector("h1").focus({ preventScroll: true });
    const bin = place.get("bin");
    const turn =
      bin === null ? place.get("turn") : this.view.axis.turnOfBin(Number(bin), "customer");
    if (turn !== null) this.view.go(Number(turn));
  }

  #showOverview() {
    const from = this.view?.position;
    this.view?.close();
    this.view = null;
    this.#callNode.hidden = true;
    this.#callNode.replaceChildren();
    this.#overviewNode.hidden = false;
    document.title = `${t("title")} · callheat`;
    if (this.stale) this.selection.update(false);
    this.stale = false;
    if (from !== undefined) this.overview.table.choose(from);
  }
}

async function open() {
  document.querySelector(".opening").textContent = t("opening");
  if (typeof DecompressionStream === "undefined") throw new Error(t("tooOld"));
  const page = new Page(await openBatch());
  document.documentElement.dataset.ready = String(page.batch.rows.length);
}

open().catch((error) => {
  document.querySelector("#overview").textContent = t("broken", { reason: error.message });
});
