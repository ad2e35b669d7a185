package dev.turnout.systemtest;

/// [ResponseCorpusIT] with everyday modules switched on: none of them changes what is wanted.
class ResponseCorpusWithModulesIT extends ResponseCorpusIT {
  @Override
  String modules() {
    return EverydayModules.ON;
  }

  @Override
  boolean gunzips() {
    return true;
  }
}
