// Makes elements whose text is text alone: nothing that a journal holds can become markup.

/** An element with properties and children; a child is an element or a text. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button that does something when it is pressed. */
export function button(text, act, properties = {}) {
  return make("button", { type: "button", onclick: act, ...properties }, text);
}

/** The element of an id. */
export function by(id) {
  return document.getElementById(id);
}
