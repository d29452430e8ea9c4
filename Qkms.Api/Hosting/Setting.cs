using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Qkms.Api.Hosting;

/// <summary>One setting: its name, its values and its meaning. The table in docs/configuration.md is made from these.</summary>
/// <param name="name">The name below <c>Qkms:</c>.</param>
/// <param name="type">A noun that takes "a".</param>
/// <param name="range">The values that are allowed.</param>
/// <param name="meaning">One or two sentences in Markdown.</param>
internal abstract class Setting(string name, string type, string range, string meaning)
{
    /// <summary>The section of the configuration that belongs to Qkms.</summary>
    public const string Section = "Qkms";

    public string Name { get; } = name;
    public string Type { get; } = type;
    public string Range { get; } = range;
    public string Meaning { get; } = meaning;

    /// <summary>The name in files and arguments.</summary>
    public string Key => $"{Section}:{Name}";

    /// <summary>The name in the environment.</summary>
    public string Variable => Key.Replace(":", "__", StringComparison.Ordinal);

    /// <summary>The default as it is written in a configuration; null when there is none.</summary>
    public abstract string? Default { get; }

    public static Setting<string> Text(string name, string otherwise, string meaning, string type = "string", string range = "not empty") =>
        Text(name, otherwise, text => text.Length > 0, meaning, type, range);

    public static Setting<string> Text(
        string name, string otherwise, Func<string, bool> isAllowed, string meaning, string type = "string", string range = "not empty")
    {
        return new Setting<string>(name, type, range, meaning, otherwise, TryParse);

        bool TryParse(string text, [MaybeNullWhen(false)] out string value)
        {
            value = text;
            return isAllowed(text);
        }
    }

    public static Setting<bool> Flag(string name, bool otherwise, string meaning) =>
        new(name, "boolean", "true or false", meaning, otherwise, bool.TryParse);

    public static Setting<int> Number(string name, int otherwise, int min, int max, string meaning)
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"{min} to {max}");
        return new Setting<int>(name, "whole number", range, meaning, otherwise, TryParse);

        bool TryParse(string text, out int value) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;
    }

    public static Setting<TimeSpan> Duration(string name, TimeSpan otherwise, TimeSpan min, TimeSpan max, string meaning)
    {
        return new Setting<TimeSpan>(name, "duration", $"{Write(min)} to {Write(max)}", meaning, otherwise, TryParse);

        bool TryParse(string text, out TimeSpan value) =>
            TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out value) && value >= min && value <= max;
    }

    /// <summary>Values separated by <c>;</c>, none unless given.</summary>
    public static Setting<IReadOnlyList<T>> List<T>(string name, Setting<T>.Parser tryParse, string range, string meaning)
    {
        return new Setting<IReadOnlyList<T>>(name, "list", range, meaning, otherwise: [], TryParse);

        bool TryParse(string text, [MaybeNullWhen(false)] out IReadOnlyList<T> values)
        {
            List<T> read = [];
            foreach (string item in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!tryParse(item, out T? value))
                {
                    values = null;
                    return false;
                }

                read.Add(value);
            }

            values = read;
            return true;
        }
    }

    /// <summary>A value as it is written in a configuration.</summary>
    protected static string? Write<T>(T value) => value switch
    {
        null or "" or System.Collections.ICollection { Count: 0 } => null,
        bool flag => flag ? "true" : "false",
        TimeSpan span => span.ToString(span.Milliseconds == 0 ? @"c" : @"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };
}

/// <inheritdoc cref="Setting"/>
internal sealed class Setting<T>(string name, string type, string range, string meaning, T otherwise, Setting<T>.Parser tryParse)
    : Setting(name, type, range, meaning)
{
    /// <summary>Reads a value, and says whether it is one and allowed.</summary>
    public delegate bool Parser(string text, [MaybeNullWhen(false)] out T value);

    public override string? Default => Write(otherwise);

    /// <summary>The value in a configuration, or the default.</summary>
    /// <exception cref="SettingsException">The value is not allowed; the message names the setting and what it may be.</exception>
    public T Read(IConfiguration configuration)
    {
        if (configuration[Key] is not { } text)
            return otherwise;

        return tryParse(text, out T? value) ? value : throw new SettingsException($"{Key} must be a {Type}: {Range}.");
    }
}
