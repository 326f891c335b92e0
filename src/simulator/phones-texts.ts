/**
 * The texts of the page with the phones, in English and German. The key of each German text is the English text.
 *
 * Out of scope: texts that the application or the user has chosen, for example messages and device names.
 */

const german = {
  'Phones of the Nevis simulator': 'Telefone des Nevis-Simulators',
  Phones: 'Telefone',
  'Nevis simulator at {url}': 'Nevis-Simulator unter {url}',
  'Back to the page with the link': 'Zurück zur Seite mit dem Link',
  Sound: 'Ton',
  'Switch the cloud on': 'Cloud einschalten',
  'Switch the cloud off': 'Cloud ausschalten',
  'Simulated phones: here you answer what the app asks.': 'Simulierte Telefone: Hier beantworten Sie, was die App fragt.',
  'The cloud is switched off. Signing in and paying do not work now.': 'Die Cloud ist ausgeschaltet. Anmelden und Zahlen geht jetzt nicht.',
  'No users yet. They appear here when your application enrols them.': 'Noch keine Benutzer. Sie erscheinen hier, sobald Ihre Anwendung sie registriert.',
  'User {id}': 'Benutzer {id}',
  'Nothing registered yet': 'Noch nichts eingerichtet',
  'No requests': 'Keine Anfragen',
  'Requests: {n}': 'Anfragen: {n}',
  'Do you want to log in?': 'Möchten Sie sich anmelden?',
  'Until {time}': 'Bis {time}',
  Accept: 'Zustimmen',
  Deny: 'Ablehnen',
  'Text messages, newest first': 'SMS, neueste zuerst',
  'Recovery codes left: {n}': 'Übrige Wiederherstellungscodes: {n}',
  'Set up or scan: paste the link behind “Open the Access App”': 'Einrichten oder scannen: Link von «Access App öffnen» einfügen',
  'Link or picture': 'Link oder Bild',
  Scan: 'Scannen',
  'Scan with the camera': 'Mit der Kamera scannen',
  Camera: 'Kamera',
  Cancel: 'Abbrechen',
  'Hold the QR code in front of the camera.': 'Halten Sie den QR-Code vor die Kamera.',
  'The camera cannot be used. Paste the link instead.': 'Die Kamera lässt sich nicht verwenden. Fügen Sie stattdessen den Link ein.',
  'App link': 'App-Link',
  'Which phone shall open this link?': 'Welches Telefon soll diesen Link öffnen?',
  'This link is not valid any more': 'Dieser Link ist nicht mehr gültig',
  'The link registers the phone.': 'Der Link richtet das Telefon ein.',
  'The link asks for an approval.': 'Der Link bittet um eine Bestätigung.',
  'These phones are simulated: nothing is opened on a real phone.': 'Diese Telefone sind simuliert: Auf einem echten Telefon wird nichts geöffnet.',
  'Phone of {name}': 'Telefon von {name}',
  'There are no users yet.': 'Es gibt noch keine Benutzer.',
  'All phones': 'Alle Telefone',
  'This is not an app link of this simulator.': 'Das ist kein App-Link dieses Simulators.',
  "{name}'s phone cannot answer this request: it is for another phone.": 'Das Telefon von {name} kann diese Anfrage nicht beantworten: Sie ist für ein anderes Telefon.',
  "The request on {name}'s phone was approved already.": 'Der Anfrage auf dem Telefon von {name} wurde schon zugestimmt.',
  "The request on {name}'s phone has expired.": 'Die Anfrage auf dem Telefon von {name} ist abgelaufen.',
  "The request on {name}'s phone was denied.": 'Die Anfrage auf dem Telefon von {name} wurde abgelehnt.',
  "No request is waiting on {name}'s phone.": 'Auf dem Telefon von {name} wartet keine Anfrage.',
  'On the page of your app, copy the link behind “Open the Access App”, and paste it here.': 'Kopieren Sie auf der Seite Ihrer App den Link von «Access App öffnen» und fügen Sie ihn hier ein.',
  'Paste the link at the other phone.': 'Fügen Sie den Link beim anderen Telefon ein.',
  'Start again in your app, and use the new link.': 'Beginnen Sie in Ihrer App neu und verwenden Sie den neuen Link.',
  'The phone could not do that.': 'Das Telefon konnte das nicht tun.',
  'This user does not exist any more.': 'Diesen Benutzer gibt es nicht mehr.',
} as const

/** An English text of the page. The type contains only texts that have a German translation. */
export type Text = keyof typeof german

/** @param values replace the placeholders in the text: `values.name` replaces `{name}` */
export type Translate = (text: Text, values?: Readonly<Record<string, string>>) => string

export interface PhoneTexts {
  readonly language: 'en' | 'de'
  readonly t: Translate
}

/** @param acceptLanguage the header `Accept-Language`. The texts are German if this header names German before English, otherwise English */
export function textsFor(acceptLanguage: string | undefined): PhoneTexts {
  const isGerman = /\b(?:en|de)\b/i.exec(acceptLanguage ?? '')?.[0].toLowerCase() === 'de'
  return {
    language: isGerman ? 'de' : 'en',
    t: (text, values = {}) => (isGerman ? german[text] : text).replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all),
  }
}
