export const secret = {
  warning: 'This is shown only once.', copy: 'Copy', copied: 'Copied.', copyByHand: 'It is selected: copy it with the keys of your system.', stored: 'I have stored it',
}
