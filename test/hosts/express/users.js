/** Stands for the database of an app, which stores the users and their Nevis ids. */
const users = []

exports.add = (user) => void users.push(user)
exports.findById = async (id) => users.find((user) => user.id === id)
exports.findByNevisId = async (nevisUserId) => users.find((user) => user.nevisUserId === nevisUserId)
exports.findByProvider = async (providerId) => users.find((user) => user.providerId === providerId)
exports.withPassword = async (username, password) => users.find((user) => user.username === username && user.password === password) ?? false
/** Stores the Nevis id for the user with this name, who must not have a Nevis id yet. */
exports.link = async (username, nevisUserId) => {
  const user = users.find((one) => one.username === username && one.nevisUserId === undefined)
  return user ? Object.assign(user, { nevisUserId }) : false
}
