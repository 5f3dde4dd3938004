# Functions of lib.hm that Home Manager 26.05 has and this channel does not.
{
  darwin = [ "assertInterval" "intervalDocumentation" "mkCalendarInterval" ];
  deprecations = [ "mkListEntryOmittedFieldPredicate" "mkStateVersionListSubmoduleWarnings" "mkStateVersionOptionDefault" "remapAttrsRecursive" ];
  generators = [ "toHyprconf" "toKDL" "toSCFG" ];
  git = [ "diffPagerConfig" ];
  gvariant = [ "isArray" "isDictionaryEntry" "isGVariant" "isMaybe" "isTuple" "mkArray" "mkBoolean" "mkDictionaryEntry" "mkDouble" "mkEmptyArray" "mkInt16" "mkInt32" "mkInt64" "mkJust" "mkNothing" "mkObjectpath" "mkString" "mkTuple" "mkUchar" "mkUint16" "mkUint32" "mkUint64" "mkValue" "mkVariant" "type" "typeOf" ];
  mcp = [ "addType" "mkEnvFilesWrapper" "renderEnv" "transformMcpServer" "wrapEnvFilesCommand" ];
  nushell = [ "isNushellInline" "mkNushellInline" "toNushell" ];
  shell = [ "formatShellArrayContent" "mkBashIntegrationOption" "mkFishIntegrationOption" "mkIonIntegrationOption" "mkNushellIntegrationOption" "mkZshIntegrationOption" "wrapLines" ];
  strings = [ "isCamelCase" "isKebabCase" "isPascalCase" "isPathLike" "isScreamingSnakeCase" "isSnakeCase" "toCaseWithSeparator" "toKebabCase" ];
  types = [ "SCFGDirectives" "fontType" "gvariant" "nushellValue" "overlayFunction" "selectorFunction" "sourceFile" "sourceFileOrLines" ];
}
