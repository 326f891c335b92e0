/**
 * Contains the wording that native speakers chose for users, such as a bank's customers. If someone changes one of these texts by mistake, a test fails.
 *
 * Out of scope: whether each language has all texts (`languages.test.ts`).
 */
import { failures } from '../../src'
import { languages } from '../../src/waiting/texts/languages'
import type { Texts } from '../../src/waiting/texts/texts'
import { dateIn } from '../../src/waiting/wording'

const { en, de, fr, it: italian } = languages as Record<'en' | 'de' | 'fr' | 'it', Texts>

function sentencesIn(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(value as object).flatMap(sentencesIn)
}

describe('English', () => {
  it.each<[string, string]>([
    [en.ended.not_approved, 'Request not approved'],
    [en.ended.expired_transaction, 'Request expired'],
    [en.ended.too_many_attempts, 'Too many wrong codes'],
    [en.unknownTransaction, 'This sign-in was started in another browser or has ended. For your security this link cannot be used.'],
    [en.messageLabel, 'Your phone will show'],
    [en.phoneShows, 'Your phone shows'],
    [en.confirming, 'You are confirming'],
    [en.enrollSteps.finish, 'Follow the steps in the app. This page then continues by itself.'],
    [en.hint.app, 'Scan this code with {theApp}. On this phone? Open {theApp}.'],
    [en.hint.recovery, 'Enter one of your saved recovery codes, with its hyphens. Upper and lower case matter. Each code works once.'],
    [en.enrollHint.sms, 'We sent a code to that number. Enter it to confirm the number.'],
    [en.use.widget, 'Confirm in this window'],
    [en.otherWays, 'Other ways to confirm'],
    [en.enrollOtherWays, 'Other ways'],
    [en.resend, 'Send again'],
    [en.sentAgain, 'Sent again. Earlier requests and codes are no longer valid.'],
    [en.written, 'I have saved these codes'],
    [failures.not_approved.message, 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'],
    [failures.expired_transaction.message, 'This request has expired. Send a new one.'],
    [failures.too_many_attempts.message, 'Too many wrong codes. Request a new one.'],
    [failures.too_many_starts.message, 'Too many requests. Try again in a few minutes. If you did not send them, change your password.'],
    [en.unavailableHint, 'A service that we need does not respond. Please try again in a few minutes. If you were confirming something, first check whether it has been carried out.'],
    [failures.rejected.message, 'You cannot sign in with this account. Contact support.'],
  ])('says “%s”', (text, chosen) => expect(text).toBe(chosen))
})

describe('German', () => {
  it.each<[string, string]>([
    [de.otherWays, 'Andere Möglichkeiten'],
    [de.endsSoon, 'Es bleiben weniger als 30\u00a0Sekunden.'],
    [de.moreTime, 'Mehr Zeit anfordern'],
    [de.written, 'Ich habe die Codes gesichert'],
    [de.resendIn, 'Erneut senden (in {n}\u00a0s)'],
    [de.hint.app, 'Öffnen Sie {theApp} und scannen Sie diesen Code. Ist die App auf diesem Gerät installiert, öffnen Sie die App hier.'],
    [de.hint.recovery, 'Geben Sie einen Ihrer Wiederherstellungscodes ein. Achten Sie auf Bindestriche und auf Gross- und Kleinschreibung. Jeder Code gilt nur einmal.'],
    [de.resend, 'Erneut senden'],
    [de.usedHeading, 'Hier gibt es nichts zu bestätigen'],
    [de.tryAgain, 'Erneut versuchen'],
    [de.enrollUse.sms, 'Code per SMS einrichten'],
    [de.approved, 'Bestätigt. Einen\u00a0Moment\u00a0…'],
    [de.unavailableHint, 'Ein benötigter Dienst antwortet nicht. Bitte versuchen Sie es in ein paar Minuten erneut. Wenn Sie gerade etwas bestätigt haben, prüfen Sie zuerst, ob es schon ausgeführt wurde.'],
    [de.failure.too_many_starts, 'Zu viele Anfragen. Versuchen Sie es in ein paar Minuten erneut. Falls die Anfragen nicht von Ihnen kommen, ändern Sie Ihr Passwort.'],
    [de.failure.wrong_code, 'Der Code stimmt nicht.'],
    [de.failure.cancelled, 'Der Vorgang wurde abgebrochen.'],
    [de.failure.unknown_transaction, 'Diese Anfrage wurde in einem anderen Browser begonnen oder ist beendet. Bitte melden Sie sich neu an.'],
  ])('says “%s”', (text, chosen) => expect(text).toBe(chosen))

  it('says “erneut” instead of “noch einmal”, as Swiss banks do', () => {
    expect(sentencesIn(de).filter((text) => /noch einmal/i.test(text))).toEqual([])
  })

  it('calls no method “Möglichkeit”, except in the heading above all of them', () => {
    expect(sentencesIn(de).filter((text) => text.includes('Möglichkeit') && text !== de.otherWays)).toEqual([])
  })

  it('calls no account “Konto”, which is a bank account to bank customers', () => {
    expect(sentencesIn(de).filter((text) => /\bKont(o|en)/.test(text))).toEqual([])
    expect(de.failure.rejected).toContain('Benutzerkonto')
  })
})

describe('French', () => {
  it.each<[string, string]>([
    [fr.failure.wrong_code, 'Code incorrect.'],
    [fr.failure.cancelled, 'L’opération a été annulée.'],
    [fr.failure.unknown_transaction, 'Cette demande a été commencée dans un autre navigateur ou est terminée. Veuillez vous reconnecter.'],
    [fr.ended.too_many_attempts, 'Trop de codes erronés'],
    [fr.otherWays, 'Autres moyens de confirmation'],
    [fr.offline, 'Pas de connexion Internet. Nouvelle tentative…'],
    [fr.enrollSteps.finish, 'Suivez les étapes dans l’application. Cette page continue ensuite automatiquement.'],
    [fr.enrollUse.sms, 'Configurer le code par SMS'],
    [fr.blocked, 'Le moyen «\u00a0{way}\u00a0» est temporairement bloqué en raison d’un trop grand nombre de demandes.'],
    [fr.usedHeading, 'Rien à confirmer ici'],
    [fr.doneHeading, 'Demande déjà confirmée'],
    [fr.unavailableHint, 'Un service nécessaire ne répond pas. Veuillez réessayer dans quelques minutes. Si vous veniez de confirmer une opération, vérifiez d’abord si elle a été exécutée.'],
    [fr.failure.too_many_starts, 'Trop de demandes. Réessayez dans quelques minutes. Si ces demandes ne viennent pas de vous, changez votre mot de passe.'],
    [fr.hint.recovery, 'Saisissez l’un de vos codes de récupération. Respectez les tirets, les majuscules et les minuscules. Chaque code ne sert qu’une fois.'],
    [fr.hint.app, 'Scannez ce code avec {theApp}. Si l’application est installée sur cet appareil, ouvrez-la ici.'],
  ])('says “%s”', (text, chosen) => expect(text).toBe(chosen))

  it('says “compte utilisateur”, because “compte” alone is a bank account', () => {
    expect(sentencesIn(fr).filter((text) => /\bcomptes?\b(?! utilisateur)/.test(text))).toEqual([])
  })

  it('calls each way to confirm “moyen”, and none “méthode”', () => {
    expect(sentencesIn(fr).filter((text) => /méthode/i.test(text))).toEqual([])
    expect(fr.failure.unknown_factor).toContain('moyen de confirmation')
  })
})

describe('Italian', () => {
  it.each<[string, string]>([
    [italian.cancel, 'Annulla'],
    [italian.copy, 'Copia'],
    [italian.use.sms, 'Invia un codice per SMS'],
    [italian.failure.wrong_code, 'Codice errato.'],
    [italian.failure.cancelled, 'L’operazione è stata annullata.'],
    [italian.failure.unknown_transaction, 'Questa richiesta è stata iniziata in un altro browser o è terminata. Acceda di nuovo.'],
    [italian.otherWays, 'Altri modi'],
    [italian.theApp, 'l’Access App'],
    [italian.hint.recovery, 'Inserisca uno dei Suoi codici di recupero. Rispetti i trattini, le maiuscole e le minuscole. Ogni codice vale una sola volta.'],
    [italian.timeLeft, 'Tempo rimanente'],
    [italian.endsSoon, 'Restano meno di 30\u00a0secondi.'],
    [italian.enrollSteps.finish, 'Segua i passaggi nell’app. Questa pagina prosegue poi automaticamente.'],
    [italian.enrollUse.sms, 'Configura il codice per SMS'],
    [italian.registered, 'registrato il {date}'],
    [italian.blocked, 'Il metodo «{way}» è temporaneamente bloccato a causa di troppe richieste.'],
    [italian.usedHeading, 'Qui non c’è nulla da confermare'],
    [italian.doneHeading, 'Richiesta già confermata'],
    [italian.unavailableHint, 'Un servizio necessario non risponde. Riprovi tra qualche minuto. Se stava confermando un’operazione, verifichi prima se è già stata eseguita.'],
    [italian.failure.too_many_starts, 'Troppe richieste. Riprovi tra qualche minuto. Se le richieste non sono Sue, cambi la password.'],
  ])('says “%s”', (text, chosen) => expect(text).toBe(chosen))

  it('calls no account “conto”, which is a bank account', () => {
    expect(sentencesIn(italian).filter((text) => /\bcont[oi]\b/.test(text))).toEqual([])
  })
})

it.each([['German', de], ['French', fr], ['Italian', italian]])('%s puts the name of a phone in quotation marks, because the name has no article', (_language, { sentToPhone }) => {
  expect(sentToPhone).toMatch(/«\u00a0?\{phone\}\u00a0?»/)
})

describe('a date', () => {
  it.each([
    ['en', 1, '1 March 2026'], ['de', 1, '1. März 2026'], ['fr', 1, '1er mars 2026'], ['fr-CH', 1, '1er mars 2026'], ['it', 1, '1º marzo 2026'],
    ['fr', 11, '11 mars 2026'], ['it', 21, '21 marzo 2026'],
  ])('in %s on day %i is “%s”', (tag, day, text) => expect(dateIn({ tag }, new Date(2026, 2, day, 12))).toBe(text))
})
