namespace Qkms.Core.ApiKeys;

/// <summary>Settings of API keys.</summary>
public sealed class ApiKeyOptions
{
    /// <summary>What issued keys begin with: 1 to 32 letters, digits and <c>_</c>. Keys with an earlier prefix go on working.</summary>
    public string Prefix { get; init; } = "qkms";

    /// <summary>Checks the settings.</summary>
    /// <exception cref="SettingsException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        if (!ApiKeyFormat.IsPrefix(Prefix))
            throw new SettingsException("Qkms:ApiKeys:Prefix must be 1 to 32 letters, digits and '_'.");
    }
}
