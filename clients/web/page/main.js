// Puts the page together.

import { Camera } from "./camera.js";
import { Connection } from "./connection.js";
import { takeFiles } from "./dropping.js";
import { FileList, facesInWords } from "./filelist.js";
import { quoted } from "./files.js";
import { offerMasks } from "./masks.js";
import { Pictures } from "./pictures.js";
import { Results } from "./results.js";
import { ClipRecorder, save, savePicture, stamp } from "./saving.js";
import { Sender } from "./sender.js";
import { Sources } from "./sources.js";
import { Stage } from "./stage.js";
import { followTheme } from "./theme.js";

const element = (id) => document.getElementById(id);
const video = element("video");
const stage = new Stage({ area: element("stage"), video, still: element("still"), overlay: element("overlay") });
const results = new Results({
  people: element("people"), nobody: element("nobody"), timeline: element("timeline"),
  legend: element("legend"), announcer: element("announcer"), delays: element("delays"), rate: element("rate"),
});
const files = new FileList({ section: element("files"), progress: element("files-progress"), rows: element("files-rows") });
const connection = new Connection();
const sender = new Sender(connection, video);
const pictures = new Pictures(connection);
const camera = new Camera(element("camera"));
const sources = new Sources(video, camera);
const recorder = new ClipRecorder(stage);

/** Tell what went wrong, aloud. */
function notice(words) {
  element("notice").textContent = words;
}

/** Tell what is wrong with a frame; not aloud, since the next one may be right. */
function note(words) {
  if (element("note").textContent !== words) element("note").textContent = words;
}

// The connection

connection.addEventListener("open", () => results.beginSession());
connection.addEventListener("state", ({ detail }) => {
  const state = element("connection");
  state.textContent = detail.words;
  state.classList.toggle("away", !detail.there);
  if (!detail.there && isVideo()) {
    // Boxes of before must not be taken for those of now.
    stage.clear();
    results.forgetFaces();
  }
});
let newestShown = 0;
connection.addEventListener("answer", async ({ detail: answer }) => {
  if (answer.sent?.source !== sender.source || !isVideo()) return;
  results.withLastingTracks(answer);
  const picture = answer.picture ? await createImageBitmap(answer.picture) : null;
  // Pictures are decoded side by side: a newer one may have been faster.
  if (answer.sent.source !== sender.source || answer.id < newestShown) return;
  newestShown = answer.id;
  stage.show(answer, picture);
  results.addFrame(answer, sources.name);
  note(answer.note ?? "");
  refreshButtons();
});
connection.addEventListener("problem", ({ detail }) => {
  if (!detail.sent?.isPicture && !detail.away) note(detail.message);
});

// Sources

function isVideo() {
  return sources.kind === "camera" || sources.kind === "clip";
}

sources.addEventListener("opened", ({ detail }) => {
  notice("");
  note("");
  recorder.stop();
  stage.clear();
  results.beginSource();
  sender.startVideo();
  setPaused(false);
  files.close();
  const startHadFocus = document.activeElement === element("start");
  element("invitation").hidden = true;
  results.say(`Now showing ${detail.kind === "camera" ? "the camera" : detail.name}`);
  refreshButtons();
  if (startHadFocus) element("pause").focus();
});
sources.addEventListener("closed", () => {
  sender.stopVideo();
  pictures.stop();
  recorder.stop();
  stage.clear();
  results.forgetFaces();
  element("invitation").hidden = false;
  refreshButtons();
});
sources.addEventListener("shape", ({ detail }) => stage.shape(detail.width, detail.height, isMirrored()));
sources.addEventListener("failed", ({ detail }) => notice(detail));
sources.addEventListener("said", ({ detail }) => results.say(detail));
sources.addEventListener("pictures", async ({ detail }) => {
  const many = detail.pictures.length > 1;
  if (many) files.begin();
  for (const [i, picture] of detail.pictures.entries()) {
    if (sources.name !== detail.name || isVideo() || sources.kind === null) return;
    if (many) files.tell(`${i + 1} of ${detail.pictures.length}`);
    await analysePicture(picture, many);
  }
  if (many) files.tell(`${detail.pictures.length} of ${detail.pictures.length}, done`);
});

async function analysePicture({ name, read }, listed) {
  try {
    const { still, answer } = await pictures.analyse(await read());
    showPicture(still, answer);
    results.addPicture(answer, name);
    if (listed) files.add(name, facesInWords(answer.faces), () => showAgain(read, answer));
    else results.say(facesInWords(answer.faces));
  } catch (error) {
    results.addFailure(name, error.message);
    if (listed) files.add(name, error.message, null);
    else if (sources.kind !== null) notice(`${quoted(name)}: ${error.message}`);
  }
  refreshButtons();
}

async function showAgain(read, answer) {
  showPicture(await createImageBitmap(answer.picture ?? (await read())), answer);
  results.showPicture(answer);
}

function showPicture(still, answer) {
  stage.shape(still.width, still.height, false);
  stage.show(answer, still);
}

// Controls

function isMirrored() {
  return sources.kind === "camera" && element("mirror").checked;
}

function setPaused(paused) {
  sender.paused = paused;
  element("pause").setAttribute("aria-pressed", String(paused));
  if (isVideo() && paused) video.pause();
  else if (isVideo() && video.paused) video.play();
}

function refreshButtons() {
  element("pause").disabled = !isVideo();
  element("stop").disabled = sources.kind === null;
  element("save-picture").disabled = !stage.shows;
  element("record").disabled = !isVideo() || !stage.shows;
  element("record").setAttribute("aria-pressed", String(recorder.isRecording));
  element("record").textContent = recorder.isRecording ? "Stop and save clip" : "Record clip";
  element("save-table").disabled = results.table.isEmpty;
}

element("start").addEventListener("click", () => sources.openCamera());
element("camera").addEventListener("change", () => sources.openCamera());
element("pause").addEventListener("click", () => setPaused(!sender.paused));
element("stop").addEventListener("click", () => {
  sources.close();
  element("start").focus();
});
element("mirror").addEventListener("change", () => {
  if (video.videoWidth) stage.shape(video.videoWidth, video.videoHeight, isMirrored());
});
element("save-picture").addEventListener("click", () => savePicture(stage));
element("record").addEventListener("click", () => {
  try {
    if (recorder.isRecording) recorder.stop();
    else recorder.start();
  } catch (error) {
    notice(error.message);
  }
  refreshButtons();
});
recorder.addEventListener("saved", () => {
  element("saved").textContent = "The clip is saved";
});
element("save-table").addEventListener("click", () => {
  const text = results.table.text(connection.columns);
  save(new Blob([text], { type: "text/csv" }), `maskmesh-${stamp()}.csv`);
  element("saved").textContent = results.table.isCut ? "The table is saved, without its oldest rows" : "The table is saved";
});
setInterval(() => {
  element("skipped").textContent = String(sender.skipped);
}, 500);

offerMasks(connection, {
  fieldset: element("masks"), on: element("mask-on"), style: element("mask-style"), colour: element("mask-colour"),
});
takeFiles({ hint: element("drop-hint"), input: element("file"), open: (chosen) => sources.openFiles(chosen) });
followTheme(element("theme"));
connection.open();
