namespace Qkms.Api.Hosting;

/// <summary>A setting that cannot be used; the message names it.</summary>
internal sealed class SettingsException(string message) : Exception(message);
