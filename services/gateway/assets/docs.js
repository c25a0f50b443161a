// Swagger UI speaks English only; its fixed words are put into Chinese as they appear.
(function () {
  "use strict";
  const TOKEN = "/api/v1/auth/token";
  const root = document.getElementById("docs");
  const words = {
    "Authorize": "登录", "Logout": "退出", "Close": "关闭", "Try it out": "试一试", "Execute": "执行",
    "Clear": "清除", "Cancel": "取消", "Reset": "重置", "Parameters": "参数", "Name": "名称",
    "Description": "说明", "No parameters": "没有参数", "Responses": "响应", "Response": "响应",
    "Code": "状态码", "Links": "关联", "No links": "无", "Request body": "请求内容",
    "Example Value": "样例", "Edit Value": "编辑", "Schema": "结构", "Schemas": "数据结构", "Media type": "格式",
    "Server response": "服务器的响应", "Response body": "响应内容", "Response headers": "响应头",
    "Request URL": "请求地址", "Details": "详情", "Download": "下载", "Curl": "curl 命令",
    "Request duration": "用时", "Available authorizations": "登录方式", "Authorized": "已登录",
    "Scopes:": "身份：", "select all": "全选", "select none": "全不选", "Username:": "账号：",
    "username:": "账号：", "password:": "密码：", "Password:": "密码：", "Filter by tag": "按类别筛选",
    "Controls": "说明：", "Send empty value": "发送空值", "Servers": "服务器", "Extensions": "扩展",
    "Examples: ": "样例：", "Required": "必填", "required": "必填", "Deprecated": "已弃用",
    "Client credentials location:": "客户端凭据位置：", "Authorization header": "请求头",
    "Request body (form)": "表单", "Flow:": "方式：", "Token URL:": "令牌地址：", "Scopes": "身份",
    "Application:": "应用：", "client_id:": "系统账号：", "client_secret:": "系统密码：",
    "password": "密码", "clientCredentials": "系统账号", "Select a file": "选择文件", "Hide": "收起", "Show": "展开",
    "Apply given OAuth2 credentials": "登录", "Apply credentials": "登录", "Remove authorization": "退出",
    "authorization button locked": "已登录", "authorization button unlocked": "未登录",
    "Copy path to clipboard": "复制路径", "Copy to clipboard": "复制",
    "Scopes are used to grant an application different levels of access to data on behalf of the end user. Each API may declare one or more scopes.":
      "登录后能办什么，由账号的身份决定；下面列出各种身份。",
    "API requires the following scopes. Select which ones you want to grant to Swagger UI.":
      "可以只选其中几种身份登录；不选则为账号的全部身份。",
  };
  Object.assign(words, JSON.parse(root.dataset.audiences));
  const translate = (node) => {
    const found = words[node.nodeValue.trim()];
    if (found && !node.parentElement.closest("pre, code, .markdown, .renderedMarkdown")) {
      node.nodeValue = node.nodeValue.replace(node.nodeValue.trim(), found);
    }
  };
  const rename = (element) => {
    const found = words[element.getAttribute("aria-label")];
    if (found) element.setAttribute("aria-label", found);
  };
  const visit = (element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) translate(walker.currentNode);
    each(element, "[aria-label]", rename);
  };
  const isChinese = root.dataset.lang === "zh";
  const each = (element, selector, mend) => {
    if (element.matches(selector)) mend(element);
    element.querySelectorAll(selector).forEach(mend);
  };
  // What keeps its markup from people who do not see the page, or use the keyboard alone.
  const LEVELS = [
    ["h3.opblock-tag, section.models > h4, .modal-ux h3", "2"],
    [".opblock h4, .modal-ux h4", "3"],
    [".opblock h5", "4"],
  ];
  const LABELS = [
    [".information-container", "说明", "About"],
    [".scheme-container", "服务器与登录", "Server and sign-in"],
    ["#servers", "服务器", "Server"],
    ["select:not([aria-label])", "选择", "Choose"],
    ["textarea:not([aria-label])", "请求内容", "Request body"],
    [".close-modal", "关闭", "Close"],
  ];
  const mend = (element) => {
    for (const [titles, level] of LEVELS) {
      each(element, titles, (title) => title.setAttribute("aria-level", level));
    }
    for (const [parts, chinese, english] of LABELS) {
      each(element, parts, (part) => part.setAttribute("aria-label", isChinese ? chinese : english));
    }
    each(element, ".information-container, .scheme-container", (part) => {
      part.setAttribute("role", "region");
    });
    each(element, "button a[href]", (link) => link.removeAttribute("href"));
    each(element, "pre", (code) => { code.tabIndex = 0; });
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type !== "childList") {
        if (isChinese) (change.type === "attributes" ? rename : translate)(change.target);
        continue;
      }
      for (const node of change.addedNodes) {
        if (node.nodeType === Node.ELEMENT_NODE) mend(node);
        if (!isChinese) continue;
        if (node.nodeType === Node.TEXT_NODE) translate(node);
        else if (node.nodeType === Node.ELEMENT_NODE) visit(node);
      }
    }
  }).observe(root, {
    childList: true, subtree: true, characterData: true, attributeFilter: ["aria-label"],
  });
  // What the door answered to a sign-in is said in its own words, which tell what to do.
  const inWords = isChinese
    ? { source: "登录", level: "没有成功", message: "连不上服务器，请检查网络后再试" }
    : { source: "Signing in", level: "failed", message: "The server cannot be reached; please try again" };
  let refusal = null;
  const SaysWhatIsWrong = () => ({
    statePlugins: { err: { wrapActions: {
      newAuthErr: (original) => (error) =>
        original({ ...error, ...inWords, message: refusal ?? inWords.message }),
    } } },
  });
  // A key is for one request and its repetition: once it is answered the next press is another one.
  const KEY = "Idempotency-Key";
  const AGAIN = [429, 500, 502, 503, 504]; // what may be sent again, as the same
  // Not randomUUID, which a page has only over TLS or on this machine.
  const freshKey = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
  const TakesAFreshKey = () => ({
    statePlugins: { spec: { wrapActions: {
      setResponse: (original, system) => (path, method, response) => {
        const done = original(path, method, response);
        const fields = system.specSelectors.parameterValues([path, method]);
        const field = system.specSelectors.specJsonWithResolvedSubtrees()
          .getIn(["paths", path, method, "parameters"])?.find((one) => one.get("name") === KEY);
        if (field && response.status && !AGAIN.includes(response.status)) {
          system.specActions.changeParamByIdentity([path, method], field, freshKey(), false);
        }
        return done;
      },
    } } },
  });
  // Swagger UI reads all that it is given again for each operation that is opened: of the whole
  // document that takes seconds, so it is given the part for one audience.
  const REFERENCE = /"#\/components\/(schemas|responses)\/([^"]+)"/g;
  const referred = (part, components, found = { schemas: {}, responses: {} }) => {
    for (const [, kind, name] of JSON.stringify(part).matchAll(REFERENCE)) {
      if (name in found[kind]) continue;
      found[kind][name] = components[kind][name];
      referred(found[kind][name], components, found);
    }
    return found;
  };
  const partFor = (whole, audience) => {
    const paths = {};
    for (const [path, operations] of Object.entries(whole.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        if (!operation.tags?.includes(audience)) continue;
        (paths[path] ??= {})[method] = { ...operation, tags: [audience] };
      }
    }
    const tags = whole.tags.filter((tag) => tag.name === audience);
    return { ...whole, tags, paths, components: { ...whole.components, ...referred(paths, whole.components) } };
  };
  const language = root.dataset.lang === "en" ? "en" : "zh-CN";
  const begin = (whole) => {
    const known = whole.tags.map((tag) => tag.name);
    const wanted = () => decodeURIComponent(location.hash.split("/")[1] ?? "");
    let shown = known.includes(wanted()) ? wanted() : known[0];
    const docs = SwaggerUIBundle({
      plugins: [SaysWhatIsWrong, TakesAFreshKey],
      spec: partFor(whole, shown),
      domNode: root,
      deepLinking: true,
      filter: false,
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
      docExpansion: "list",
      persistAuthorization: false,
      tryItOutEnabled: true,
      syntaxHighlight: { activated: true, theme: "agate" },
      requestInterceptor: (request) => {
        request.headers["Accept-Language"] = language;
        if (request.url.endsWith(TOKEN)) refusal = null;
        return request;
      },
      responseInterceptor: (response) => {
        if (!response.ok && String(response.url).endsWith(TOKEN)) {
          const problem = response.obj ?? response.body ?? {};
          refusal = [problem.title, problem.detail].filter(Boolean).join(isChinese ? "：" : ": ") || null;
        }
        return response;
      },
    });
    // Swagger UI reads the address once, as it begins.
    addEventListener("hashchange", () => {
      if (known.includes(wanted()) && wanted() !== shown) {
        shown = wanted();
        docs.specActions.updateSpec(JSON.stringify(partFor(whole, shown)));
      }
      docs.layoutActions.parseDeepLinkHash(location.hash);
    });
  };
  fetch(root.dataset.document, { headers: { "Accept-Language": language } })
    .then((answer) => answer.json())
    .then(begin, () => { root.textContent = inWords.message; });
})();
