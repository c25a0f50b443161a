// The display screen of a hall: everything it shows and says comes from the hall's live stream.
(function () {
  "use strict";
  const hall = document.body.dataset.hall;
  const isSilent = new URLSearchParams(location.search).get("sound") === "off";
  const by = (id) => document.getElementById(id);
  const FRESH_MS = 8000;
  const PAGE_MS = 8000;
  const STALE_MS = 60000;
  const RETRY_MS = 15000;
  const SPEECH_MS = 15000;

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // ---- the time: the server's, for the clock of a screen is often wrong ----
  let ahead = 0;
  const now = () => new Date(Date.now() + ahead);
  const inHall = (options) => new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", ...options });
  const DATE = inHall({ year: "numeric", month: "long", day: "numeric", weekday: "long" });
  const TIME = inHall({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

  // ---- lists that turn their pages: what does not fit comes next, nothing is left out ----
  const lists = {};
  const paged = (id, rows, nothing) => {
    const list = by(id);
    const known = (lists[id] = lists[id] || { page: 0 });
    list.replaceChildren(...(rows.length ? rows : [element("li", "empty", nothing)]));
    known.pages = [];
    let top = 0;
    for (const row of list.children) {
      const page = known.pages[known.pages.length - 1];
      if (page && row.offsetTop + row.offsetHeight - top <= list.clientHeight) page.push(row);
      else { known.pages.push([row]); top = row.offsetTop; }
    }
    known.page %= known.pages.length;
    showPage(id);
  };
  const showPage = (id) => {
    const { pages, page } = lists[id];
    pages.forEach((rows, n) => rows.forEach((row) => { row.hidden = n !== page; }));
    by(`${id}-pages`).textContent = pages.length > 1 ? `${page + 1}/${pages.length}` : "";
  };
  setInterval(() => {
    for (const id of Object.keys(lists)) {
      lists[id].page = (lists[id].page + 1) % lists[id].pages.length;
      showPage(id);
    }
  }, PAGE_MS);

  // ---- what is shown ----
  let display = null;
  let shownAt = -Infinity;
  let announcing = null;

  const showCall = (call) => {
    const row = element("li", announcing && announcing.number === call.number ? "fresh" : "");
    row.append(
      element("span", "number", call.number),
      element("span", "to", "请到"),
      element("span", "window", call.window ? `${call.window} 号窗口` : ""),
    );
    return row;
  };

  const showWaiting = (item) => {
    const row = element("li");
    const count = element("span", "count");
    count.append(element("b", "", String(item.count)), "人");
    if (item.p85_minutes !== null && item.p85_minutes !== undefined) {
      const soon = item.p85_minutes === 0;
      count.append(element("span", "minutes", soon ? "马上就到" : `约 ${item.p85_minutes} 分钟内`));
    }
    row.append(element("span", "item", item.name), count);
    return row;
  };

  const showNewest = () => {
    const newest = announcing || display.called.find((call) => call.say);
    const say = by("say");
    say.textContent = newest ? newest.say : "暂无叫号";
    say.classList.toggle("none", !newest);
    by("say-en").textContent = newest ? newest.say_en : "No calls at the moment";
    by("newest").classList.toggle("fresh", announcing !== null);
    say.style.fontSize = "";
    const room = say.clientWidth / say.scrollWidth;
    if (room < 1) say.style.fontSize = `${parseFloat(getComputedStyle(say).fontSize) * room * 0.99}px`;
  };

  const render = () => {
    if (!display) return;
    if (display.name) by("name").textContent = display.name;
    showNewest();
    paged("calls", display.called.map(showCall), "—"); // that there are none is said above
    const waiting = display.waiting.filter((item) => item.count > 0);
    paged("waiting", waiting.map(showWaiting), "无人等候 · Nobody is waiting");
  };
  // The room of a list changes with the screen, its fonts and what stands above it.
  const watcher = new ResizeObserver(render);
  for (const id of ["calls", "waiting", "newest"]) watcher.observe(by(id));

  // ---- what is said: a chime, then the sentence; one call after the other ----
  let audio = null;
  const voice = () => "speechSynthesis" in window
    && speechSynthesis.getVoices().find((one) => one.lang.toLowerCase().startsWith("zh"));
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

  const showSound = () => {
    const runs = audio !== null && audio.state === "running";
    by("sound").hidden = isSilent || audio === null || runs;
    by("hint").textContent = runs && voice() ? "听到叫号后请到窗口办理。" : "请看屏幕叫号，叫到后到窗口办理。";
  };

  const chime = async () => {
    if (!audio || audio.state !== "running") return;
    [[880, 0], [659.3, 0.4]].forEach(([pitch, after]) => {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const at = audio.currentTime + after;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.5, at + 0.03);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.9);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 1);
    });
    await pause(1300);
  };

  // "A005" is read sign by sign, as people read their tickets.
  const spoken = (call) => call.say.replace(call.number, call.number.split("").join(" "));

  const speak = (call) => new Promise((done) => {
    const chosen = voice();
    if (!chosen) { done(); return; }
    const words = new SpeechSynthesisUtterance(spoken(call));
    words.voice = chosen;
    words.lang = chosen.lang;
    words.rate = 0.9;
    words.onend = words.onerror = () => done();
    setTimeout(done, SPEECH_MS);  // some engines never say that they ended
    speechSynthesis.speak(words);
  });

  const queue = [];
  const announce = async () => {
    while (queue.length) {
      announcing = queue.shift();
      by("announced").textContent = announcing.say;
      render();
      const shown = pause(FRESH_MS);
      if (!isSilent) {
        await chime();
        await speak(announcing);
      }
      if (!queue.length) await shown;
    }
    announcing = null;
    render();
  };
  const called = (message) => {
    const event = JSON.parse(message.data);
    // What was missed while the link was down is shown, but no longer called out.
    if (!event.say || now() - Date.parse(event.at) > STALE_MS) return;
    queue.push(event);
    if (announcing === null) announce();
  };

  if (!isSilent && "AudioContext" in window) {
    audio = new AudioContext();
    audio.onstatechange = showSound;
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => audio.resume());
    if ("speechSynthesis" in window) speechSynthesis.addEventListener("voiceschanged", showSound);
  }
  showSound();

  // ---- the link: a screen that hears nothing says so, and asks anew ----
  let stream = null;
  let connectedAt = 0;
  let isCut = false;
  const connect = () => {
    if (stream) stream.close();
    connectedAt = performance.now();
    stream = new EventSource(`/api/v1/live/halls/${encodeURIComponent(hall)}`);
    stream.addEventListener("error", () => { isCut = true; tick(); });
    stream.addEventListener("display", (message) => {
      display = JSON.parse(message.data);
      ahead = Date.parse(display.at) - Date.now();
      shownAt = performance.now();
      isCut = false;
      tick();
      render();
    });
    stream.addEventListener("appointments.ticket.called.v1", called);
    stream.addEventListener("appointments.ticket.recalled.v1", called);
  };

  const tick = () => {
    const age = performance.now() - shownAt;
    const isStale = display !== null
      && (age > STALE_MS || now() - Date.parse(display.at) > STALE_MS);
    const link = by("link");
    document.body.classList.toggle("stale", isStale);
    link.hidden = !(isStale || isCut || display === null);
    if (isStale) {
      const time = TIME.format(new Date(display.at));
      link.textContent = `内容停在 ${time}，可能已过时，正在重连 · As of ${time}, reconnecting`;
    } else if (display === null) link.textContent = "正在连接 · Connecting";
    else link.textContent = "连接中断，正在重连 · Reconnecting";
    by("date").textContent = DATE.format(now()).replace("星期", " 星期");
    by("clock").textContent = TIME.format(now());
    // A frozen link tells a browser nothing, and after some answers it gives up for good.
    const waits = performance.now() - Math.max(connectedAt, shownAt);
    const gaveUp = stream.readyState === EventSource.CLOSED;
    const patience = gaveUp ? 5000 : isCut || isStale || display === null ? RETRY_MS : STALE_MS;
    if (waits > patience && performance.now() - connectedAt > patience) connect();
  };
  connect();
  tick();
  setInterval(tick, 1000);
})();
