// The display screen of a hall: everything it shows comes from the hall's live stream.
(function () {
  "use strict";
  const hall = document.body.dataset.hall;
  const by = (id) => document.getElementById(id);
  const FRESH_MS = 6000;
  const MOST_CALLS = 7;
  const MOST_ITEMS = 10;
  const fresh = new Map();

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const windowName = (value) => (value === null || value === undefined ? "" : `${value} 号窗口`);

  const showCall = (call) => {
    const row = element("li", Date.now() - (fresh.get(call.number) || 0) < FRESH_MS ? "fresh" : "");
    row.append(
      element("span", "number", call.number),
      element("span", "to", "请到"),
      element("span", "window", windowName(call.window)),
    );
    return row;
  };

  const showWaiting = (item) => {
    const row = element("li");
    const count = element("span", "count");
    count.append(element("b", "", String(item.count)), "人");
    if (item.p85_minutes !== null && item.p85_minutes !== undefined) {
      count.append(element("span", "minutes", `约 ${item.p85_minutes} 分钟内`));
    }
    row.append(element("span", "item", item.name), count);
    return row;
  };

  let display = { called: [], waiting: [] };
  const render = () => {
    const calls = display.called.slice(0, MOST_CALLS);
    const waiting = display.waiting.filter((item) => item.count > 0).slice(0, MOST_ITEMS);
    by("calls").replaceChildren(...calls.map(showCall));
    by("waiting").replaceChildren(...waiting.map(showWaiting));
    by("no-calls").hidden = calls.length > 0;
    by("no-waiting").hidden = waiting.length > 0;
  };

  const called = (message) => {
    const event = JSON.parse(message.data);
    if (!event.at || Date.now() - Date.parse(event.at) < 60000) fresh.set(event.number, Date.now());
    render();
    setTimeout(render, FRESH_MS + 100);
  };

  // A browser gives up for good when the answer is not a stream (503 while starting): ask anew.
  const connect = () => {
    const stream = new EventSource(`/api/v1/live/halls/${encodeURIComponent(hall)}`);
    stream.addEventListener("open", () => { by("link").textContent = ""; });
    stream.addEventListener("error", () => {
      by("link").textContent = "连接中断，正在重连 · Reconnecting";
      if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
    });
    stream.addEventListener("display", (message) => { display = JSON.parse(message.data); render(); });
    stream.addEventListener("appointments.ticket.called.v1", called);
    stream.addEventListener("appointments.ticket.recalled.v1", called);
  };
  connect();

  // The hall's name is no part of the stream: asked for once.
  fetch(`/api/v1/halls/${encodeURIComponent(hall)}`)
    .then((answer) => (answer.ok ? answer.json() : null))
    .then((told) => { if (told) by("name").textContent = told.name; })
    .catch(() => {});

  const tick = () => {
    by("clock").textContent = new Date().toLocaleTimeString("zh-CN", {
      hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai",
    });
  };
  tick();
  setInterval(tick, 5000);
})();
