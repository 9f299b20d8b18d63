// Between a question's controls and the response of the API. A response of null means: no answer.

const NUMBER = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$/;

/** The response that a question's controls hold; undefined while they hold none that the server could take. */
export function read(fieldset) {
  const controls = [...fieldset.querySelectorAll("input, select, textarea")];
  const ticked = controls.filter((control) => control.checked).map((control) => control.value);
  switch (fieldset.dataset.type) {
    case "single_choice":
      return ticked[0] ?? null;
    case "multiple_choice":
      return ticked.length ? ticked : null;
    case "true_false":
      return ticked.length ? ticked[0] === "true" : null;
    case "matching": {
      const pairs = controls.filter((control) => control.value).map((control) => [control.dataset.left, control.value]);
      return pairs.length ? Object.fromEntries(pairs) : null;
    }
    case "numeric": {
      const text = controls[0].value.trim();
      if (text === "") return null;
      return NUMBER.test(text) ? text.replace(",", ".") : undefined;
    }
    default:
      return controls[0].value.trim() === "" ? null : controls[0].value;
  }
}

/** Show a response in a question's controls. */
export function write(fieldset, response) {
  const type = fieldset.dataset.type;
  for (const control of fieldset.querySelectorAll("input, select, textarea")) {
    if (control.type === "radio" || control.type === "checkbox") {
      const chosen = Array.isArray(response) ? response : [response === null ? null : String(response)];
      control.checked = chosen.includes(control.value);
    } else if (type === "matching") {
      control.value = response?.[control.dataset.left] ?? "";
    } else {
      control.value = response ?? "";
    }
  }
}
