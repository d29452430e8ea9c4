namespace Qkms.Core.Cryptography;

/// <summary>The engine that the setting <c>Qkms:Crypto:Engine</c> asks for is not there; the message says which are.</summary>
/// <param name="message">A sentence for the operator who starts the service.</param>
public sealed class PqcEngineUnavailableException(string message) : Exception(message);
