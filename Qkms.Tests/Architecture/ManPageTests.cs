using System.Text.RegularExpressions;
using Qkms.Api.Commands;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Architecture;

/// <summary>packaging/qkms.1 is made from <c>--help</c> and the catalogue of settings, so that it says what the program says.</summary>
public sealed partial class ManPageTests
{
    private const string Rewrite = "QKMS_WRITE_DOCS";

    // QKMS_WRITE_DOCS=1 dotnet test --filter ManPageTests writes the page anew.
    [Fact]
    public async Task The_page_says_what_the_help_says()
    {
        string path = Path.Combine(Repository.Root, "packaging", "qkms.1");
        string expected = Page(CommandLine.Answer(["--help"])!);
        if (Environment.GetEnvironmentVariable(Rewrite) is not null)
            await File.WriteAllTextAsync(path, expected);

        (await File.ReadAllTextAsync(path)).Should().Be(expected, $"set {Rewrite}=1 once to write it anew");
    }

    [Fact]
    public void Each_word_of_the_help_is_in_the_page()
    {
        string help = CommandLine.Answer(["--help"])!;
        string page = Page(help).Replace(@"\-", "-", StringComparison.Ordinal);

        string[] words = [.. Words().Matches(help).Select(match => match.Value).Where(word => word != "--name")];
        words.Should().HaveCountGreaterThan(20).And.AllSatisfy(word => page.Should().Contain(word));
        page.Split('\n').Should().NotContain(line => line.StartsWith('\''), "roff takes such a line for a request");
    }

    private static string Page(string help)
    {
        // The settings at the end of the help have a list of their own here, with what each means.
        string[] paragraphs = help[..help.IndexOf("Settings, with their defaults:", StringComparison.Ordinal)]
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        StringBuilder page = new();
        page.Append($"""
            .\" Written by ManPageTests from "qkms --help" and the catalogue of settings.
            .TH QKMS 1 "" "Qkms {CommandLine.Release}" "Qkms"
            .SH NAME
            qkms \- self-hosted key management service
            .SH SYNOPSIS
            .B qkms
            [\fIcommand\fR] [\-\-\fIname\fR=\fIvalue\fR]...
            .SH DESCRIPTION
            .B qkms
            runs a command beside the service or without it, with the service's settings and as the service's user; run it as root.
            Without a command it starts the service in the foreground, which
            .B systemctl start qkms
            does in the background.
            .SH COMMANDS AND OPTIONS
            .nf

            """);
        foreach (string paragraph in paragraphs.Where(paragraph => paragraph.StartsWith("  ", StringComparison.Ordinal)))
            page.Append($"{Escape(paragraph.TrimEnd())}\n\n");

        page.Append("""
            .fi
            .SH SETTINGS
            As an argument, or in /etc/qkms/qkms.env with the name of the environment variable.

            """);
        foreach (Setting setting in SettingCatalogue.All)
        {
            page.Append($".TP\n\\fB\\-\\-{Escape(setting.Key)}\\fR=<{Escape(setting.Type)}>, \\fB{Escape(setting.Variable)}\\fR\n");
            page.Append($"{Escape(Plain(setting.Meaning))}\n");
            page.Append($"Default: {Escape(setting.Default ?? "none")}; {Escape(setting.Range)}.\n");
        }

        return page.Append("""
            .SH FILES
            .TP
            /etc/qkms/qkms.env
            The settings, one NAME=value a line.
            .TP
            /etc/qkms/root.key
            The root key, which opens everything in the database. Keep a copy, apart from backups of the data.
            .TP
            /etc/qkms/purge\-data
            If this file exists, purging the package deletes the root key and the data too.
            .TP
            /var/lib/qkms
            The database, and the first API key: initial\-api\-key.
            .TP
            /var/backups/qkms
            A folder for backups that the user qkms may write.
            .SH SEE ALSO
            .BR systemctl (1),
            .BR systemd.exec (5)

            """).ToString();
    }

    /// <summary>Without Markdown: the text of links, and names without their quotes.</summary>
    private static string Plain(string markdown) => Links().Replace(markdown, "$1").Replace("`", "", StringComparison.Ordinal);

    private static string Escape(string text)
    {
        string escaped = text.Replace(@"\", @"\e", StringComparison.Ordinal).Replace("-", @"\-", StringComparison.Ordinal);
        return LineStarts().Replace(escaped, @"\&$0");
    }

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Links();

    [GeneratedRegex("^[.']", RegexOptions.Multiline)]
    private static partial Regex LineStarts();

    [GeneratedRegex("--[A-Za-z:_]+")]
    private static partial Regex Words();
}
