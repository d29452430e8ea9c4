namespace Qkms.Core.Errors;

/// <summary>A setting that cannot be used.</summary>
internal sealed class SettingsException : Exception
{
    /// <summary>Names the setting and what it must be.</summary>
    public SettingsException(string message)
        : base(message)
    {
    }
}
