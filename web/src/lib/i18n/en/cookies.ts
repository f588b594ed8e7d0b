export const cookies = {
  title: 'Your browser did not keep the sign-in',
  cause: (origin: string) => `The name and password are right, but this page came over plain http from ${origin}. Browsers keep a secure sign-in cookie only over https, or from this computer itself (http://localhost).`,
  causeSecure: 'The name and password are right, but the browser refused the cookie. Allow cookies for this site and try again.',
  fix: 'What helps, in this order:',
  fixes: [
    'Open TaskManager through its https address.',
    'On the computer that runs the server, open it through http://localhost instead. Safari needs https there too.',
    'In a network you trust, its administrator can set TASKMANAGER_INSECURE_COOKIES=on. Anyone who can read the network can then take over sessions.',
  ],
  again: 'Try again',
}
